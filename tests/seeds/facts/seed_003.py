"""Seed 003: PDFs."""

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/pdfs",
        ("test_the_examples_of_listing_files test_client_lists_files test_the_curl_command_of_each_example_gives_200"),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        ("test_the_examples_of_getting_a_file test_client_gets_a_file test_the_curl_command_of_each_example_gives_200"),
    ),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/pdfs",
        (
            "create_pdf_with_metadata_example create_pdf_without_metadata_example client_creates_a_pdf "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "PATCH /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        (
            "update_pdf_to_page_3_example update_pdf_resize_example update_pdf_move_to_the_front_example "
            "client_updates_a_pdf test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/canvases/:canvas_id/pdfs/:pdf_id/download",
        (
            "test_the_examples_of_downloading_a_file test_client_downloads_a_file "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "DELETE /api/v1/canvases/:canvas_id/pdfs/:pdf_id",
        (
            "test_the_examples_of_deleting_a_file test_client_deletes_a_file "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    ("parameter", "canvas_id (uuid)", "test_missing_canvases_and_files_give_404"),
    ("parameter", "pdf_id (uuid)", "test_missing_canvases_and_files_give_404"),
    (
        "parameter",
        "subscribe (boolean)",
        ("test_files_can_be_subscribed_to test_client_subscribes_to_files test_client_subscribes_to_a_single_file"),
    ),
    ("parameter", "Private-Token", "test_files_need_a_token_or_a_cookie"),
    ("parameter", "CanvusSession cookie", "test_files_need_a_token_or_a_cookie"),
    ("parameter", "data (file part, required)", "test_an_upload_without_a_file_is_refused client_creates_a_pdf"),
    (
        "parameter",
        "json (string part, optional)",
        ("create_pdf_with_metadata_example create_pdf_without_metadata_example test_an_upload_accepts_every_field"),
    ),
    ("parameter", "Content-Type: application/json for PATCH", "update_pdf_resize_example"),
    ("field", "id (read-only, uuid)", "test_read_only_fields_of_files_are_ignored test_each_file_gets_a_new_uuid"),
    (
        "field",
        'widget_type (read-only, always "Pdf")',
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
        "size (patchable, renders anew)",
        (
            "test_each_field_of_files_can_be_patched_alone update_pdf_resize_example "
            "a_resized_pdf_is_published_and_stays_sharp"
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
        "test_auto_raise_moves_files_above_their_siblings_once update_pdf_move_to_the_front_example",
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
        "test_read_only_fields_of_files_are_ignored test_the_hash_of_an_upload_is_published_later",
    ),
    (
        "field",
        "index (patchable, >= 0, default 0)",
        (
            "test_each_field_of_files_can_be_patched_alone test_an_upload_accepts_every_field "
            "test_fields_of_files_have_defaults a_negative_index_is_refused "
            "the_index_is_the_page_of_the_mipmaps"
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
        "400 for a depth below 1.0, a negative index, a missing file, a size without area",
        (
            "test_a_depth_of_files_below_1_is_refused test_a_size_of_files_without_area_is_refused "
            "a_negative_index_is_refused client_raises_bad_request_for_a_negative_index "
            "create_pdf_accepts_only_pdfs test_an_upload_without_a_file_is_refused "
            "test_client_raises_the_class_of_each_error_of_files"
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
        "404 for no such canvas or PDF",
        "test_missing_canvases_and_files_give_404 test_client_raises_the_class_of_each_error_of_files",
    ),
    (
        "message",
        "Depth must be >= 1.0, got <value>",
        "test_a_depth_of_files_below_1_is_refused test_the_example_errors_of_files",
    ),
    (
        "message",
        "PDF index must be >= 0, got <value>",
        ("a_negative_index_is_refused test_the_example_errors_of_files client_raises_bad_request_for_a_negative_index"),
    ),
    ("rule", "link sharing for viewing or editing needs no token", "test_files_on_a_shared_canvas_need_no_token"),
    ("rule", "writing takes edit access", "test_editors_can_write_files test_viewers_get_403_on_every_write_of_files"),
    (
        "rule",
        "a higher depth is above; auto_raise puts one above the highest sibling",
        "test_auto_raise_moves_files_above_their_siblings_once",
    ),
    ("rule", "pinned binds touch, not the API", "test_pinned_files_can_be_changed_through_the_api"),
    (
        "rule",
        "another parent leaves the numbers of the location alone",
        "test_files_keep_their_location_under_another_parent",
    ),
    (
        "rule",
        "a PDF shows one page, that of its index",
        "the_index_is_the_page_of_the_mipmaps update_pdf_to_page_3_example",
    ),
    ("rule", "resizing renders the page at the new size", "a_resized_pdf_is_published_and_stays_sharp"),
    (
        "rule",
        "a GET with ?subscribe stays open: lines of JSON, keepalives between",
        "test_files_can_be_subscribed_to test_client_subscribes_to_files",
    ),
    ("rule", "PATCH changes only what is sent", "test_each_field_of_files_can_be_patched_alone client_updates_a_pdf"),
    (
        "rule",
        "the hash is empty in the reply to POST and follows by GET or subscription",
        "test_the_hash_of_an_upload_is_published_later",
    ),
    ("rule", "deleting is for good and takes the file", "test_deleting_a_file_widget_removes_the_file"),
)
