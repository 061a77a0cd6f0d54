"""Seed 000: mipmaps and assets."""

_CURL = "test_a_seeds_command_run_by_curl_is_answered_with_200"
_ERRORS = "each_error_reaches_the_user_as_its_class_with_the_msg"

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash",
        f"get_mipmap_info_example get_mipmap_info_reaches_the_user_as_a_record {_CURL}",
    ),
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash/:level",
        (
            "download_the_smallest_mipmap_example download_the_half_resolution_example "
            f"download_a_mipmap_reaches_the_user_as_bytes_and_as_a_file {_CURL}"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/assets/:hash",
        f"download_an_asset_example download_an_asset_reaches_the_user_as_bytes_and_as_a_file {_CURL}",
    ),
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets", "the_typical_workflow_from_the_widgets_to_the_files"),
    ("parameter", "hash", "get_mipmap_info_example no_such_hash_and_no_access_are_both_a_404"),
    ("parameter", "level (integer, 0 = original size)", "level_0_is_the_original_and_each_level_halves_it"),
    (
        "parameter",
        "page (integer, default 0)",
        (
            "get_mipmap_info_of_a_pdf_page_example get_mipmap_info_of_a_page_sends_the_page "
            "pages_are_numbered_from_0_and_page_0_is_the_default download_a_mipmap_of_a_pdf_page"
        ),
    ),
    ("parameter", "Private-Token (required)", "both_headers_are_required a_missing_or_invalid_token_is_a_401"),
    (
        "parameter",
        "canvas-id (required)",
        (
            "both_headers_are_required the_canvas_must_be_one_that_shows_the_asset "
            "get_mipmap_info_reaches_the_user_as_a_record"
        ),
    ),
    ("parameter", "canvasId (no substitute)", "a_canvas_id_query_is_no_substitute_for_the_header"),
    ("field", "resolution", "get_mipmap_info_example get_mipmap_info_reaches_the_user_as_a_record"),
    ("field", "resolution.width", "get_mipmap_info_example"),
    ("field", "resolution.height", "get_mipmap_info_example"),
    (
        "field",
        "max_level",
        "get_mipmap_info_example the_highest_level_has_both_sides_within_128_and_2",
    ),
    ("field", "pages", "get_mipmap_info_example get_mipmap_info_of_a_pdf_page_example"),
    ("field", "msg", f"a_level_outside_the_range_is_a_400 {_ERRORS}"),
    ("header", "Cache-Control: private, max-age=157680000, immutable", "all_responses_are_immutable"),
    (
        "header",
        "Content-Disposition names the file",
        "download_the_smallest_mipmap_example download_the_half_resolution_example download_an_asset_example",
    ),
    ("status", "200 OK", f"get_mipmap_info_example {_CURL}"),
    ("status", "400 for a level below 0 or above max_level", f"a_level_outside_the_range_is_a_400 {_ERRORS}"),
    ("status", "401 for a missing or invalid token", f"a_missing_or_invalid_token_is_a_401 {_ERRORS}"),
    ("status", "403 for a blocked user", f"a_blocked_user_gets_a_403 {_ERRORS}"),
    (
        "status",
        "404 for no such hash, no access, no canvas-id",
        (
            "no_such_hash_and_no_access_are_both_a_404 both_headers_are_required "
            f"the_canvas_must_be_one_that_shows_the_asset {_ERRORS}"
        ),
    ),
    ("status", "501 for a type without mipmaps", f"an_asset_type_without_mipmaps_is_a_501 {_ERRORS}"),
    ("message", '{"msg": "error description"}', _ERRORS),
    ("rule", "level 0 is the original, each higher level half", "level_0_is_the_original_and_each_level_halves_it"),
    (
        "rule",
        "at the highest level both sides are at most 128 and at least 2",
        "the_highest_level_has_both_sides_within_128_and_2",
    ),
    ("rule", "levels are made on demand and cached", "levels_are_made_on_demand_and_cached"),
    ("rule", "all levels are WebP, whatever the original", "levels_are_webp_whatever_the_original"),
    ("rule", "content never changes under its hash", "the_hash_changes_with_the_content all_responses_are_immutable"),
    ("rule", "pages are counted from 0", "pages_are_numbered_from_0_and_page_0_is_the_default"),
    (
        "rule",
        "the hash is on images, PDFs and in a background's image.hash",
        "the_hash_of_an_image_a_pdf_and_a_background_opens_it",
    ),
    ("rule", "an asset comes in its original format", "an_asset_is_in_its_original_format"),
    ("rule", "streaming is not supported here", "streaming_is_not_supported_for_content"),
    ("rule", "the typical workflow", "the_typical_workflow_from_the_widgets_to_the_files"),
)
