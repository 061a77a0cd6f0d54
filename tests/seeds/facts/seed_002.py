"""Seed 002: images."""

_CURL = "test_a_seeds_command_run_by_curl_is_answered_with_200"

FACTS: tuple[tuple[str, str, str], ...] = (
    ("endpoint", "GET /api/v1/canvases/:canvas_id/images", f"list_images_example list_images_reaches_the_user {_CURL}"),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/images/:image_id",
        f"get_single_image_example get_single_image_reaches_the_user {_CURL}",
    ),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/images",
        (
            "create_image_with_metadata_example create_image_without_metadata_example "
            f"create_image_reaches_the_user {_CURL}"
        ),
    ),
    (
        "endpoint",
        "PATCH /api/v1/canvases/:canvas_id/images/:image_id",
        (
            "update_image_move_and_pin_example update_image_resize_aspect_ratio_example "
            f"update_image_resize_aspect_ratio_reaches_the_user update_image_sends_only_what_is_given {_CURL}"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/images/:image_id/download",
        f"download_image_example download_image_reaches_the_user_as_a_file {_CURL}",
    ),
    (
        "endpoint",
        "DELETE /api/v1/canvases/:canvas_id/images/:image_id",
        f"delete_image_example delete_image_is_done_with_an_empty_answer {_CURL}",
    ),
    ("parameter", "canvas_id (uuid)", "what_does_not_exist_is_a_404"),
    ("parameter", "image_id (uuid)", "what_does_not_exist_is_a_404"),
    (
        "parameter",
        "subscribe (boolean)",
        "streaming_of_the_list_and_of_one streaming_reaches_the_user streaming_of_one_reaches_the_user",
    ),
    (
        "parameter",
        "Private-Token",
        "authentication_by_token_or_cookie the_client_sends_the_token_or_the_cookie_or_neither",
    ),
    (
        "parameter",
        "CanvusSession cookie",
        "authentication_by_token_or_cookie the_client_sends_the_token_or_the_cookie_or_neither",
    ),
    ("parameter", "data (file part, required)", "create_image_needs_a_file create_image_reaches_the_user"),
    (
        "parameter",
        "json (string part, optional)",
        "create_image_with_metadata_example create_image_without_metadata_example create_image_takes_every_property",
    ),
    ("parameter", "Content-Type: application/json for PATCH", "update_image_resize_aspect_ratio_reaches_the_user"),
    ("field", "id (read-only, uuid)", "read_only_properties_are_sent_in_vain each_id_is_new_and_a_uuid"),
    (
        "field",
        'widget_type (read-only, always "Image")',
        "read_only_properties_are_sent_in_vain get_single_image_example get_single_image_reaches_the_user",
    ),
    (
        "field",
        "location (patchable)",
        (
            "patchable_properties_change_alone_and_read_back create_image_takes_every_property "
            "the_location_is_relative_to_the_parent"
        ),
    ),
    ("field", "location.x", "get_single_image_example patchable_properties_change_alone_and_read_back"),
    ("field", "location.y", "get_single_image_example patchable_properties_change_alone_and_read_back"),
    (
        "field",
        "size (patchable, a bounding box)",
        (
            "patchable_properties_change_alone_and_read_back a_size_is_a_box_when_made_and_when_changed "
            "update_image_resize_aspect_ratio_example"
        ),
    ),
    ("field", "size.width", "get_single_image_example patchable_properties_change_alone_and_read_back"),
    ("field", "size.height", "get_single_image_example patchable_properties_change_alone_and_read_back"),
    (
        "field",
        "depth (patchable, >= 1.0)",
        (
            "patchable_properties_change_alone_and_read_back create_image_takes_every_property "
            "a_depth_below_1_is_refused_in_these_words"
        ),
    ),
    (
        "field",
        "scale (patchable, default 1)",
        "patchable_properties_change_alone_and_read_back create_image_takes_every_property defaults",
    ),
    (
        "field",
        "pinned (patchable, default false)",
        (
            "patchable_properties_change_alone_and_read_back create_image_takes_every_property defaults "
            "pinned_does_not_bind_the_api"
        ),
    ),
    ("field", 'state (read-only, "normal")', "read_only_properties_are_sent_in_vain defaults"),
    (
        "field",
        "parent_id (patchable)",
        (
            "patchable_properties_change_alone_and_read_back create_image_takes_every_property "
            "the_location_is_relative_to_the_parent"
        ),
    ),
    (
        "field",
        "auto_raise (PATCH only, not persisted, default false)",
        "auto_raise_brings_to_the_front_once update_image_sends_only_what_is_given",
    ),
    (
        "field",
        'title (patchable, default "")',
        "patchable_properties_change_alone_and_read_back create_image_takes_every_property defaults",
    ),
    (
        "field",
        'original_filename (patchable, default "")',
        "patchable_properties_change_alone_and_read_back create_image_takes_every_property defaults",
    ),
    (
        "field",
        'hash (read-only, "" at first)',
        "read_only_properties_are_sent_in_vain the_hash_is_empty_at_first_and_follows the_client_waits_for_the_hash",
    ),
    ("field", "msg", "the_example_error_comes_letter_for_letter each_error_reaches_the_user_as_its_class"),
    (
        "header",
        "content-disposition: attachment with the original filename",
        "download_image_is_an_attachment_for_ever",
    ),
    ("header", "cache-control: private, max-age=157680000, immutable", "download_image_is_an_attachment_for_ever"),
    ("status", "200 OK, empty for DELETE", "delete_image_example delete_image_removes_its_file_too"),
    (
        "status",
        "400 for a depth below 1.0, a missing file, a size without area",
        (
            "a_depth_below_1_is_refused_in_these_words a_size_without_area_is_refused "
            "create_image_needs_a_file each_error_reaches_the_user_as_its_class"
        ),
    ),
    (
        "status",
        "401 for a missing or invalid token",
        "authentication_by_token_or_cookie each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "403 for a view-only user who writes",
        "view_only_users_get_403_on_any_write authentication_by_link_sharing each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "404 for no such canvas or image",
        "what_does_not_exist_is_a_404 each_error_reaches_the_user_as_its_class",
    ),
    (
        "message",
        "Depth must be >= 1.0, got <value>",
        "a_depth_below_1_is_refused_in_these_words the_example_error_comes_letter_for_letter",
    ),
    ("rule", "link sharing for viewing or editing needs no token", "authentication_by_link_sharing"),
    ("rule", "writing takes edit access", "writing_takes_edit_access view_only_users_get_403_on_any_write"),
    (
        "rule",
        "a higher depth is above; auto_raise puts one above the highest sibling",
        "auto_raise_brings_to_the_front_once a_higher_depth_is_kept_as_sent",
    ),
    ("rule", "pinned binds touch, not the API", "pinned_does_not_bind_the_api"),
    ("rule", "another parent leaves the numbers of the location alone", "the_location_is_relative_to_the_parent"),
    (
        "rule",
        "16:9 into a box of 800 x 800 is 800 x 450",
        "update_image_resize_aspect_ratio_example update_image_resize_aspect_ratio_reaches_the_user",
    ),
    (
        "rule",
        "the reply has the applied size",
        (
            "update_image_resize_aspect_ratio_reaches_the_user a_size_is_a_box_when_made_and_when_changed "
            "an_answer_of_changed_fields_alone_is_completed_by_a_get"
        ),
    ),
    ("rule", "JPEG, PNG, SVG and others are taken", "create_image_takes_jpeg_png_svg_and_others"),
    ("rule", "the hash serves deduplication", "equal_files_are_kept_once"),
    (
        "rule",
        "a GET with ?subscribe stays open: lines of JSON, keepalives between",
        "streaming_of_the_list_and_of_one streaming_reaches_the_user",
    ),
    (
        "rule",
        "PATCH changes only what is sent",
        "patchable_properties_change_alone_and_read_back update_image_sends_only_what_is_given",
    ),
    (
        "rule",
        "the hash is empty in the reply to POST and follows by GET or subscription",
        "the_hash_is_empty_at_first_and_follows",
    ),
    ("rule", "deleting is for good and takes the file", "delete_image_removes_its_file_too"),
)
