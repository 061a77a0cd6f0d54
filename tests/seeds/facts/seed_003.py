"""Seed 003: PDFs."""

_CURL = "test_a_seeds_command_run_by_curl_is_answered_with_200"

FACTS: tuple[tuple[str, str, str], ...] = (
    ("endpoint", "GET /api/v1/canvases/:canvas_id/pdfs", f"list_pdfs_example list_pdfs_reaches_the_user {_CURL}"),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        f"get_single_pdf_example get_single_pdf_reaches_the_user {_CURL}",
    ),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/pdfs",
        f"create_pdf_with_metadata_example create_pdf_without_metadata_example create_pdf_reaches_the_user {_CURL}",
    ),
    (
        "endpoint",
        "PATCH /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        (
            "update_pdf_to_page_3_example update_pdf_resize_example update_pdf_move_to_the_front_example "
            f"update_pdf_reaches_the_user {_CURL}"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/pdfs/:pdf_id/download",
        f"download_pdf_example download_pdf_reaches_the_user_as_a_file {_CURL}",
    ),
    (
        "endpoint",
        "DELETE /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        f"delete_pdf_example delete_pdf_is_done_with_an_empty_answer {_CURL}",
    ),
    ("parameter", "canvas_id (uuid)", "what_does_not_exist_is_a_404"),
    ("parameter", "pdf_id (uuid)", "what_does_not_exist_is_a_404"),
    (
        "parameter",
        "subscribe (boolean)",
        "streaming_of_the_list_and_of_one streaming_reaches_the_user streaming_of_one_reaches_the_user",
    ),
    ("parameter", "Private-Token", "authentication_by_token_or_cookie"),
    ("parameter", "CanvusSession cookie", "authentication_by_token_or_cookie"),
    ("parameter", "data (file part, required)", "create_pdf_needs_a_file create_pdf_reaches_the_user"),
    (
        "parameter",
        "json (string part, optional)",
        "create_pdf_with_metadata_example create_pdf_without_metadata_example create_pdf_takes_every_property",
    ),
    ("parameter", "Content-Type: application/json for PATCH", "update_pdf_resize_example"),
    ("field", "id (read-only, uuid)", "read_only_properties_are_sent_in_vain each_id_is_new_and_a_uuid"),
    (
        "field",
        'widget_type (read-only, always "Pdf")',
        "read_only_properties_are_sent_in_vain get_single_pdf_example get_single_pdf_reaches_the_user",
    ),
    (
        "field",
        "location (patchable)",
        (
            "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property "
            "the_location_is_relative_to_the_parent"
        ),
    ),
    ("field", "location.x", "get_single_pdf_example patchable_properties_change_alone_and_read_back"),
    ("field", "location.y", "get_single_pdf_example patchable_properties_change_alone_and_read_back"),
    (
        "field",
        "size (patchable, renders anew)",
        (
            "patchable_properties_change_alone_and_read_back update_pdf_resize_example "
            "a_resized_pdf_is_told_of_and_stays_sharp"
        ),
    ),
    ("field", "size.width", "get_single_pdf_example patchable_properties_change_alone_and_read_back"),
    ("field", "size.height", "get_single_pdf_example patchable_properties_change_alone_and_read_back"),
    (
        "field",
        "depth (patchable, >= 1.0)",
        (
            "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property "
            "a_depth_below_1_is_refused_in_these_words"
        ),
    ),
    (
        "field",
        "scale (patchable, default 1)",
        "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property defaults",
    ),
    (
        "field",
        "pinned (patchable, default false)",
        (
            "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property defaults "
            "pinned_does_not_bind_the_api"
        ),
    ),
    ("field", 'state (read-only, "normal")', "read_only_properties_are_sent_in_vain defaults"),
    (
        "field",
        "parent_id (patchable)",
        (
            "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property "
            "the_location_is_relative_to_the_parent"
        ),
    ),
    (
        "field",
        "auto_raise (PATCH only, not persisted, default false)",
        "auto_raise_brings_to_the_front_once update_pdf_move_to_the_front_example",
    ),
    (
        "field",
        'title (patchable, default "")',
        "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property defaults",
    ),
    (
        "field",
        'original_filename (patchable, default "")',
        "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property defaults",
    ),
    (
        "field",
        'hash (read-only, "" at first)',
        "read_only_properties_are_sent_in_vain the_hash_is_empty_at_first_and_follows",
    ),
    (
        "field",
        "index (patchable, >= 0, default 0)",
        (
            "patchable_properties_change_alone_and_read_back create_pdf_takes_every_property defaults "
            "an_index_below_0_is_refused_in_these_words each_widget_shows_the_page_of_its_index"
        ),
    ),
    ("field", "msg", "the_example_errors_come_letter_for_letter each_error_reaches_the_user_as_its_class"),
    ("header", "content-disposition: attachment with the original filename", "download_pdf_is_an_attachment_for_ever"),
    ("header", "cache-control: private, max-age=157680000, immutable", "download_pdf_is_an_attachment_for_ever"),
    ("status", "200 OK, empty for DELETE", "delete_pdf_example delete_pdf_removes_its_file_too"),
    (
        "status",
        "400 for a depth below 1.0, a negative index, a missing file, a size without area",
        (
            "a_depth_below_1_is_refused_in_these_words a_size_without_area_is_refused "
            "an_index_below_0_is_refused_in_these_words a_negative_index_is_a_bad_request_for_the_user "
            "create_pdf_takes_pdfs_only create_pdf_needs_a_file each_error_reaches_the_user_as_its_class"
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
        "404 for no such canvas or PDF",
        "what_does_not_exist_is_a_404 each_error_reaches_the_user_as_its_class",
    ),
    (
        "message",
        "Depth must be >= 1.0, got <value>",
        "a_depth_below_1_is_refused_in_these_words the_example_errors_come_letter_for_letter",
    ),
    (
        "message",
        "PDF index must be >= 0, got <value>",
        (
            "an_index_below_0_is_refused_in_these_words the_example_errors_come_letter_for_letter "
            "a_negative_index_is_a_bad_request_for_the_user"
        ),
    ),
    ("rule", "link sharing for viewing or editing needs no token", "authentication_by_link_sharing"),
    ("rule", "writing takes edit access", "writing_takes_edit_access view_only_users_get_403_on_any_write"),
    (
        "rule",
        "a higher depth is above; auto_raise puts one above the highest sibling",
        "auto_raise_brings_to_the_front_once",
    ),
    ("rule", "pinned binds touch, not the API", "pinned_does_not_bind_the_api"),
    ("rule", "another parent leaves the numbers of the location alone", "the_location_is_relative_to_the_parent"),
    (
        "rule",
        "a PDF shows one page, that of its index",
        "each_widget_shows_the_page_of_its_index update_pdf_to_page_3_example",
    ),
    ("rule", "resizing renders the page at the new size", "a_resized_pdf_is_told_of_and_stays_sharp"),
    (
        "rule",
        "a GET with ?subscribe stays open: lines of JSON, keepalives between",
        "streaming_of_the_list_and_of_one streaming_reaches_the_user",
    ),
    (
        "rule",
        "PATCH changes only what is sent",
        "patchable_properties_change_alone_and_read_back update_pdf_reaches_the_user",
    ),
    (
        "rule",
        "the hash is empty in the reply to POST and follows by GET or subscription",
        "the_hash_is_empty_at_first_and_follows",
    ),
    ("rule", "deleting is for good and takes the file", "delete_pdf_removes_its_file_too"),
)
