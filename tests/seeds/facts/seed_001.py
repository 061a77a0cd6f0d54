"""Seed 001: mipmaps and assets, the older page."""

FACTS: tuple[tuple[str, str, str], ...] = (
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash",
        (
            "get_mipmap_info_example client_uses_the_max_level_of_the_server "
            "test_the_curl_command_of_each_example_gives_200"
        ),
    ),
    (
        "endpoint",
        "GET /api/v1/mipmaps/:hash/:level",
        ("get_mipmap_level_example client_fetches_a_mipmap_level test_the_curl_command_of_each_example_gives_200"),
    ),
    (
        "endpoint",
        "GET /api/v1/assets/:hash",
        "get_asset_by_hash_example client_fetches_an_asset test_the_curl_command_of_each_example_gives_200",
    ),
    ("parameter", "page (integer, first page is 0)", "get_mipmap_info_example get_mipmap_level_example"),
    ("parameter", "canvas-id (header)", "only_a_header_names_the_canvas"),
    ("parameter", "Private-Token (header)", "statuses_without_access"),
    ("field", "resolution", "get_mipmap_info_example client_uses_the_max_level_of_the_server"),
    ("field", "resolution.width", "get_mipmap_info_example"),
    ("field", "resolution.height", "get_mipmap_info_example"),
    (
        "field",
        "max_level (the example has 4 for 1024 x 768, the rule of both pages gives 3)",
        "the_example_contradicts_the_rule_for_max_level client_uses_the_max_level_of_the_server",
    ),
    ("field", "pages", "get_mipmap_info_example"),
    (
        "field",
        "image.hash of a CanvasBackground",
        "a_background_has_its_hash_in_image client_decodes_the_hash_of_a_background",
    ),
    ("header", "Cache-control: private, max-age=157680000, immutable", "all_endpoints_allow_long_term_caching"),
    (
        "status",
        "400 for a level outside the range",
        "a_level_out_of_range_gives_400 client_raises_the_class_of_each_error",
    ),
    (
        "status",
        "401 for a missing token; some servers answer 200",
        ("statuses_without_access client_accepts_a_server_that_needs_no_token client_raises_the_class_of_each_error"),
    ),
    ("status", "403 for a blocked user", "statuses_without_access client_raises_the_class_of_each_error"),
    ("status", "404 for no such asset or no access", "statuses_without_access client_raises_the_class_of_each_error"),
    ("status", "501 for an unsupported type", "an_unsupported_type_gives_501 client_raises_the_class_of_each_error"),
    ("rule", "all levels are WebP, with alpha or without", "levels_are_webp_with_or_without_alpha"),
    ("rule", "images and PDFs are supported", "images_and_pdfs_have_mipmaps"),
    ("rule", "no endpoint lists levels", "no_endpoint_lists_levels"),
    ("rule", "the original can always be downloaded", "the_original_can_always_be_downloaded"),
    ("rule", "the paths are not below a canvas", "the_paths_are_not_below_a_canvas"),
)
