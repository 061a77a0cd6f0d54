"""Seed 004: generic widgets, and cloning."""

WIDGET_TYPES = (
    "Note",
    "Image",
    "Video",
    "PDF",
    "Browser",
    "Anchor",
    "VideoInput",
    "IpVideo",
    "RdpConnection",
    "Connector",
    "Table",
    "TableCell",
    "SharedCanvas",
    "VideoOutputAnchor",
    "CanvasBackground",
)
"""The values of `widget_type` that the seed lists, as it spells them."""

_CURL = "test_a_seeds_command_run_by_curl_is_answered_with_200"
_LIST = "list_widgets_example list_widgets_reaches_the_user"
_ONE = "get_a_single_widget_example get_a_single_widget_reaches_the_user_typed"
_BASE = "all_types_share_the_base_fields"
_CLONE = "clone_copies_all_properties_and_gives_a_new_id"
_STREAM = "a_subscription_tells_of_changes_of_any_type streaming_reaches_the_user"

FACTS: tuple[tuple[str, str, str], ...] = (
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets", f"{_LIST} {_CURL}"),
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets/:widget_id", f"{_ONE} {_CURL}"),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/notes (or another typed endpoint) to clone",
        f"{_CLONE} clone_reaches_the_user clone_sends_the_bodies_of_the_examples",
    ),
    ("parameter", "canvas_id (uuid)", "what_does_not_exist_is_a_404"),
    ("parameter", "widget_id (uuid)", "what_does_not_exist_is_a_404"),
    ("parameter", "subscribe (boolean)", f"{_STREAM} a_single_widget_of_any_type_can_be_subscribed_to"),
    ("parameter", "Private-Token", "reading_takes_a_token_or_a_shared_canvas a_missing_or_invalid_token_is_a_401"),
    ("parameter", "source_canvas_id", f"{_CLONE} clone_of_what_does_not_exist_is_a_404"),
    ("parameter", "source_widget_id", f"{_CLONE} clone_of_what_does_not_exist_is_a_404"),
    ("parameter", "location (of a clone, optional)", "clone_takes_another_place"),
    ("field", "id", _BASE),
    ("field", "widget_type", f"{_BASE} the_list_has_every_widget_of_every_type"),
    ("field", "location", _BASE),
    ("field", "location.x", _BASE),
    ("field", "location.y", _BASE),
    ("field", "depth (higher is above)", f"{_BASE} a_higher_depth_is_above"),
    ("field", "parent_id (typically the root)", f"{_BASE} list_widgets_example"),
    ("field", "state", f"{_BASE} {_STREAM}"),
    ("field", "size (most types)", "most_types_have_a_size_a_scale_and_a_pin"),
    ("field", "size.width", "most_types_have_a_size_a_scale_and_a_pin"),
    ("field", "size.height", "most_types_have_a_size_a_scale_and_a_pin"),
    ("field", "scale (most types)", "most_types_have_a_size_a_scale_and_a_pin"),
    ("field", "pinned (most types)", "most_types_have_a_size_a_scale_and_a_pin"),
    ("field", "hash (asset widgets)", "asset_widgets_have_a_hash_a_file_name_and_a_title fields_vary_by_type"),
    ("field", "original_filename (asset widgets)", "asset_widgets_have_a_hash_a_file_name_and_a_title"),
    ("field", "title (asset widgets)", "asset_widgets_have_a_hash_a_file_name_and_a_title"),
    ("field", "text (notes)", "list_widgets_example fields_vary_by_type"),
    ("field", "background_color (notes)", "list_widgets_example fields_vary_by_type"),
    ("field", "anchor_index (anchors)", _LIST),
    ("field", "anchor_name (anchors)", _LIST),
    ("field", "msg", "each_error_reaches_the_user_as_its_class what_does_not_exist_is_a_404"),
    *(
        (
            "field",
            f'widget_type "{name}"',
            "every_type_reaches_the_user_as_its_record the_list_has_every_widget_of_every_type"
            + (" a_pdf_says_pdf_as_seed_003_has_it_in_every_list" if name == "PDF" else ""),
        )
        for name in WIDGET_TYPES
    ),
    ("status", "200 OK", f"list_widgets_example {_CURL}"),
    (
        "status",
        "400 for a clone whose file is not on the server, or of another type",
        (
            "clone_without_the_file_on_the_server_is_a_400 clone_takes_the_endpoint_of_the_sources_type "
            "each_error_reaches_the_user_as_its_class"
        ),
    ),
    (
        "status",
        "401 for a missing or invalid token on a canvas that is not shared",
        "a_missing_or_invalid_token_is_a_401 each_error_reaches_the_user_as_its_class",
    ),
    (
        "status",
        "404 for no such canvas or widget",
        "what_does_not_exist_is_a_404 each_error_reaches_the_user_as_its_class",
    ),
    ("message", '{"msg": "error description"}', "each_error_reaches_the_user_as_its_class"),
    (
        "rule",
        "one list of all types; fields vary by type",
        "the_list_has_every_widget_of_every_type fields_vary_by_type",
    ),
    ("rule", "the generic endpoint is read-only", "the_generic_endpoint_is_for_reading"),
    ("rule", "the root cannot be modified", "the_root_cannot_be_modified"),
    ("rule", "reading needs a token unless the canvas is shared", "reading_takes_a_token_or_a_shared_canvas"),
    ("rule", "?subscribe holds the connection open", f"the_connection_is_held_open {_STREAM}"),
    ("rule", "the hash opens mipmaps and assets", "asset_widgets_have_a_hash_a_file_name_and_a_title"),
    ("rule", "clone: a token is required", "clone_requires_a_token"),
    ("rule", "clone: from any canvas that one has access to", "clone_from_any_canvas_one_may_see_and_no_other"),
    ("rule", "clone: all properties, answered like a POST", _CLONE),
    (
        "rule",
        "clone: Note, Image, Browser, Video, PDF, Anchor, Table",
        f"{_CLONE} clone_of_other_types_is_refused",
    ),
    ("rule", "clone: the source's file must be on the server", "clone_without_the_file_on_the_server_is_a_400"),
    ("rule", "clone: at the top level", "clone_is_top_level_whatever_its_source_lay_on"),
    ("rule", "clone: at the endpoint of the source's type", "clone_takes_the_endpoint_of_the_sources_type"),
)
