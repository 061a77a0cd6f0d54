"""Seed 000: mipmaps and assets."""

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash",
        "get_mipmap_info_example client_decodes_mipmap_info test_the_curl_command_of_each_example_gives_200",
    ),
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash/:level",
        (
            "download_the_smallest_mipmap_example download_the_half_resolution_example "
            "client_fetches_and_downloads_a_mipmap test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/assets/:hash",
        (
            "download_an_asset_example client_fetches_and_downloads_an_asset "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets", "typical_workflow"),
    ("parameter", "hash", "get_mipmap_info_example an_unknown_hash_and_no_access_give_404"),
    ("parameter", "level (integer, 0 = original size)", "each_level_halves_the_original"),
    (
        "parameter",
        "page (integer, default 0)",
        (
            "get_mipmap_info_of_a_pdf_page_example client_sends_the_page "
            "pages_are_counted_from_0_and_0_is_the_default download_a_mipmap_of_a_pdf_page"
        ),
    ),
    ("parameter", "Private-Token (required)", "both_headers_are_required a_missing_or_invalid_token_gives_401"),
    (
        "parameter",
        "canvas-id (required)",
        "both_headers_are_required the_canvas_must_show_the_asset client_decodes_mipmap_info",
    ),
    ("parameter", "canvasId (no substitute)", "a_canvas_id_in_the_query_does_not_count"),
    ("field", "resolution", "get_mipmap_info_example client_decodes_mipmap_info"),
    ("field", "resolution.width", "get_mipmap_info_example"),
    ("field", "resolution.height", "get_mipmap_info_example"),
    ("field", "max_level", "get_mipmap_info_example the_highest_level_has_sides_of_2_to_128_pixels"),
    ("field", "pages", "get_mipmap_info_example get_mipmap_info_of_a_pdf_page_example"),
    ("field", "msg", "a_level_out_of_range_gives_400 client_raises_the_class_of_each_error_with_its_msg"),
    ("header", "Cache-Control: private, max-age=157680000, immutable", "all_responses_are_immutable"),
    (
        "header",
        "Content-Disposition names the file",
        ("download_the_smallest_mipmap_example download_the_half_resolution_example download_an_asset_example"),
    ),
    ("status", "200 OK", "get_mipmap_info_example test_the_curl_command_of_each_example_gives_200"),
    (
        "status",
        "400 for a level below 0 or above max_level",
        "a_level_out_of_range_gives_400 client_raises_the_class_of_each_error_with_its_msg",
    ),
    (
        "status",
        "401 for a missing or invalid token",
        "a_missing_or_invalid_token_gives_401 client_raises_the_class_of_each_error_with_its_msg",
    ),
    ("status", "403 for a blocked user", "a_blocked_user_gets_403 client_raises_the_class_of_each_error_with_its_msg"),
    (
        "status",
        "404 for no such hash, no access, no canvas-id",
        (
            "an_unknown_hash_and_no_access_give_404 both_headers_are_required the_canvas_must_show_the_asset "
            "client_raises_the_class_of_each_error_with_its_msg"
        ),
    ),
    (
        "status",
        "501 for a type without mipmaps",
        "an_asset_type_without_mipmaps_gives_501 client_raises_the_class_of_each_error_with_its_msg",
    ),
    ("message", '{"msg": "error description"}', "client_raises_the_class_of_each_error_with_its_msg"),
    ("rule", "level 0 is the original, each higher level half", "each_level_halves_the_original"),
    (
        "rule",
        "at the highest level both sides are at most 128 and at least 2",
        "the_highest_level_has_sides_of_2_to_128_pixels",
    ),
    ("rule", "levels are made on demand and cached", "levels_are_rendered_on_demand_and_cached"),
    ("rule", "all levels are WebP, whatever the original", "levels_are_webp_for_all_formats"),
    ("rule", "content never changes under its hash", "the_hash_changes_with_the_content all_responses_are_immutable"),
    ("rule", "pages are counted from 0", "pages_are_counted_from_0_and_0_is_the_default"),
    (
        "rule",
        "the hash is on images, PDFs and in a background's image.hash",
        "hashes_of_images_pdfs_and_backgrounds_give_access",
    ),
    ("rule", "an asset comes in its original format", "an_asset_is_in_its_original_format"),
    ("rule", "streaming is not supported here", "streaming_is_not_supported"),
    ("rule", "the typical workflow", "typical_workflow"),
)
