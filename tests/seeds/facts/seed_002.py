"""Seed 002: images."""

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/images",
        ("test_the_examples_of_listing_files test_client_lists_files test_the_curl_command_of_each_example_gives_200"),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/images/:image_id",
        ("test_the_examples_of_getting_a_file test_client_gets_a_file test_the_curl_command_of_each_example_gives_200"),
    ),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/images",
        (
            "create_image_with_metadata_example create_image_without_metadata_example client_creates_an_image "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "PATCH /api/v1/canvases/:canvas_id/images/:image_id",
        (
            "update_image_move_and_pin_example update_image_resize_aspect_ratio_example "
            "client_returns_the_applied_size client_sends_only_the_given_fields "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/images/:image_id/download",
        (
            "test_the_examples_of_downloading_a_file test_client_downloads_a_file "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "DELETE /api/v1/canvases/:canvas_id/images/:image_id",
        (
            "test_the_examples_of_deleting_a_file test_client_deletes_a_file "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    ("parameter", "canvas_id (uuid)", "test_missing_canvases_and_files_give_404"),
    ("parameter", "image_id (uuid)", "test_missing_canvases_and_files_give_404"),
    (
        "parameter",
        "subscribe (boolean)",
        ("test_files_can_be_subscribed_to test_client_subscribes_to_files test_client_subscribes_to_a_single_file"),
    ),
    ("parameter", "Private-Token", "test_files_need_a_token_or_a_cookie client_sends_the_token_the_cookie_or_neither"),
    (
        "parameter",
        "CanvusSession cookie",
        "test_files_need_a_token_or_a_cookie client_sends_the_token_the_cookie_or_neither",
    ),
    ("parameter", "data (file part, required)", "test_an_upload_without_a_file_is_refused client_creates_an_image"),
    (
        "parameter",
        "json (string part, optional)",
        ("create_image_with_metadata_example create_image_without_metadata_example test_an_upload_accepts_every_field"),
    ),
    ("parameter", "Content-Type: application/json for PATCH", "client_returns_the_applied_size"),
    ("field", "id (read-only, uuid)", "test_read_only_fields_of_files_are_ignored test_each_file_gets_a_new_uuid"),
    (
        "field",
        'widget_type (read-only, always "Image")',
        ("test_read_only_fields_of_files_are_ignored test_the_examples_of_getting_a_file test_client_gets_a_file"),
    ),
    (
        "field",
        "location (patchable)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_files_keep_their_location_under_another_parent"
        ),
    ),
    ("field", "location.x", "test_the_examples_of_getting_a_file test_each_field_of_files_can_be_patched_alone"),
    ("field", "location.y", "test_the_examples_of_getting_a_file test_each_field_of_files_can_be_patched_alone"),
    (
        "field",
        "size (patchable, a bounding box)",
        (
            "test_each_field_of_files_can_be_patched_alone the_size_is_a_bounding_box "
            "update_image_resize_aspect_ratio_example"
        ),
    ),
    ("field", "size.width", "test_the_examples_of_getting_a_file test_each_field_of_files_can_be_patched_alone"),
    ("field", "size.height", "test_the_examples_of_getting_a_file test_each_field_of_files_can_be_patched_alone"),
    (
        "field",
        "depth (patchable, >= 1.0)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_a_depth_of_files_below_1_is_refused"
        ),
    ),
    (
        "field",
        "scale (patchable, default 1)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_fields_of_files_have_defaults"
        ),
    ),
    (
        "field",
        "pinned (patchable, default false)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_fields_of_files_have_defaults test_pinned_files_can_be_changed_through_the_api"
        ),
    ),
    (
        "field",
        'state (read-only, "normal")',
        "test_read_only_fields_of_files_are_ignored test_fields_of_files_have_defaults",
    ),
    (
        "field",
        "parent_id (patchable)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_files_keep_their_location_under_another_parent"
        ),
    ),
    (
        "field",
        "auto_raise (PATCH only, not persisted, default false)",
        "test_auto_raise_moves_files_above_their_siblings_once client_sends_only_the_given_fields",
    ),
    (
        "field",
        'title (patchable, default "")',
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_fields_of_files_have_defaults"
        ),
    ),
    (
        "field",
        'original_filename (patchable, default "")',
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_fields_of_files_have_defaults"
        ),
    ),
    (
        "field",
        'hash (read-only, "" at first)',
        (
            "test_read_only_fields_of_files_are_ignored test_the_hash_of_an_upload_is_published_later "
            "client_waits_for_the_hash"
        ),
    ),
    ("field", "msg", "test_the_example_errors_of_files test_client_raises_the_class_of_each_error_of_files"),
    (
        "header",
        "content-disposition: attachment with the original filename",
        "test_a_download_is_an_immutable_attachment_with_the_file_name",
    ),
    (
        "header",
        "cache-control: private, max-age=157680000, immutable",
        "test_a_download_is_an_immutable_attachment_with_the_file_name",
    ),
    (
        "status",
        "200 OK, empty for DELETE",
        "test_the_examples_of_deleting_a_file test_deleting_a_file_widget_removes_the_file",
    ),
    (
        "status",
        "400 for a depth below 1.0, a missing file, a size without area",
        (
            "test_a_depth_of_files_below_1_is_refused test_a_size_of_files_without_area_is_refused "
            "test_an_upload_without_a_file_is_refused test_client_raises_the_class_of_each_error_of_files"
        ),
    ),
    (
        "status",
        "401 for a missing or invalid token",
        "test_files_need_a_token_or_a_cookie test_client_raises_the_class_of_each_error_of_files",
    ),
    (
        "status",
        "403 for a view-only user who writes",
        (
            "test_viewers_get_403_on_every_write_of_files test_files_on_a_shared_canvas_need_no_token "
            "test_client_raises_the_class_of_each_error_of_files"
        ),
    ),
    (
        "status",
        "404 for no such canvas or image",
        "test_missing_canvases_and_files_give_404 test_client_raises_the_class_of_each_error_of_files",
    ),
    (
        "message",
        "Depth must be >= 1.0, got <value>",
        "test_a_depth_of_files_below_1_is_refused test_the_example_errors_of_files",
    ),
    ("rule", "link sharing for viewing or editing needs no token", "test_files_on_a_shared_canvas_need_no_token"),
    ("rule", "writing takes edit access", "test_editors_can_write_files test_viewers_get_403_on_every_write_of_files"),
    (
        "rule",
        "a higher depth is above; auto_raise puts one above the highest sibling",
        "test_auto_raise_moves_files_above_their_siblings_once the_depth_is_stored_as_sent",
    ),
    ("rule", "pinned binds touch, not the API", "test_pinned_files_can_be_changed_through_the_api"),
    (
        "rule",
        "another parent leaves the numbers of the location alone",
        "test_files_keep_their_location_under_another_parent",
    ),
    (
        "rule",
        "16:9 into a box of 800 x 800 is 800 x 450",
        "update_image_resize_aspect_ratio_example client_returns_the_applied_size",
    ),
    (
        "rule",
        "the reply has the applied size",
        ("client_returns_the_applied_size the_size_is_a_bounding_box client_completes_a_partial_response_with_a_get"),
    ),
    ("rule", "JPEG, PNG, SVG and others are taken", "create_image_accepts_jpeg_png_svg_and_others"),
    ("rule", "the hash serves deduplication", "equal_files_are_stored_once"),
    (
        "rule",
        "a GET with ?subscribe stays open: lines of JSON, keepalives between",
        "test_files_can_be_subscribed_to test_client_subscribes_to_files",
    ),
    (
        "rule",
        "PATCH changes only what is sent",
        "test_each_field_of_files_can_be_patched_alone client_sends_only_the_given_fields",
    ),
    (
        "rule",
        "the hash is empty in the reply to POST and follows by GET or subscription",
        "test_the_hash_of_an_upload_is_published_later",
    ),
    ("rule", "deleting is for good and takes the file", "test_deleting_a_file_widget_removes_the_file"),
)
