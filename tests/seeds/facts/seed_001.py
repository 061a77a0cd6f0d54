"""Seed 001: mipmaps and assets, the older page."""

_CURL = "test_a_seeds_command_run_by_curl_is_answered_with_200"

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash",
        f"get_mipmap_info_example the_client_believes_the_server_about_the_highest_level {_CURL}",
    ),
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash/:level",
        f"get_mipmap_level_example get_mipmap_level_reaches_the_user {_CURL}",
    ),
    ("endpoint", "GET /api/v1/assets/:hash", f"get_asset_by_hash_example get_asset_by_hash_reaches_the_user {_CURL}"),
    ("parameter", "page (integer, first page is 0)", "get_mipmap_info_example get_mipmap_level_example"),
    ("parameter", "canvas-id (header)", "the_canvas_is_named_by_a_header_alone"),
    ("parameter", "Private-Token (header)", "statuses_for_who_may_not_ask"),
    ("field", "resolution", "get_mipmap_info_example the_client_believes_the_server_about_the_highest_level"),
    ("field", "resolution.width", "get_mipmap_info_example"),
    ("field", "resolution.height", "get_mipmap_info_example"),
    (
        "field",
        "max_level (the example has 4 for 1024 x 768, the rule of both pages gives 3)",
        "the_example_breaks_its_own_rule_for_the_highest_level the_client_believes_the_server_about_the_highest_level",
    ),
    ("field", "pages", "get_mipmap_info_example"),
    (
        "field",
        "image.hash of a CanvasBackground",
        "the_hash_of_a_background_is_in_its_image the_hash_of_a_background_reaches_the_user",
    ),
    ("header", "Cache-control: private, max-age=157680000, immutable", "all_endpoints_allow_long_term_caching"),
    (
        "status",
        "400 for a level outside the range",
        "a_level_outside_the_range_is_a_400 each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "401 for a missing token; some servers answer 200",
        (
            "statuses_for_who_may_not_ask a_server_that_asks_for_no_token_is_believed "
            "each_error_reaches_the_user_as_its_class"
        ),
    ),
    (
        "status",
        "403 for a blocked user",
        "statuses_for_who_may_not_ask each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "404 for no such asset or no access",
        "statuses_for_who_may_not_ask each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "501 for an unsupported type",
        "an_unsupported_type_is_a_501 each_error_reaches_the_user_as_its_class",
    ),
    ("rule", "all levels are WebP, with alpha or without", "levels_are_webp_with_or_without_alpha"),
    ("rule", "images and PDFs are supported", "images_and_pdfs_have_mipmaps"),
    ("rule", "no endpoint lists levels", "there_is_no_endpoint_that_lists_levels"),
    ("rule", "the original can always be downloaded", "the_original_can_always_be_downloaded"),
    ("rule", "the paths are not below a canvas", "the_paths_are_not_below_a_canvas"),
)
