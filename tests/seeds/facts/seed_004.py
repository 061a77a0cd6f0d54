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

_CURL = "test_the_curl_command_of_each_example_gives_200"
_LIST = "list_widgets_example client_lists_widgets"
_ONE = "get_a_single_widget_example client_gets_a_widget"
_BASE = "all_types_share_the_base_fields"
_CLONE = "clone_copies_all_properties_and_gives_a_new_id"
_STREAM = "a_subscription_sends_changes_of_all_types client_subscribes"

FACTS: tuple[tuple[str, str, str], ...] = (
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets", f"{_LIST} {_CURL}"),
    ("endpoint", "GET /api/v1/canvases/:canvas_id/widgets/:widget_id", f"{_ONE} {_CURL}"),
    (
        "endpoint",
        "POST /api/v1/canvases/:canvas_id/notes (or another typed endpoint) to clone",
        f"{_CLONE} client_clones client_sends_the_clone_bodies_of_the_examples",
    ),
    ("parameter", "canvas_id (uuid)", "a_missing_canvas_or_widget_gives_404"),
    ("parameter", "widget_id (uuid)", "a_missing_canvas_or_widget_gives_404"),
    ("parameter", "subscribe (boolean)", f"{_STREAM} a_single_widget_of_any_type_can_be_subscribed_to"),
    ("parameter", "Private-Token", "reading_needs_a_token_or_a_shared_canvas a_missing_or_invalid_token_gives_401"),
    ("parameter", "source_canvas_id", f"{_CLONE} clone_of_a_missing_widget_gives_404"),
    ("parameter", "source_widget_id", f"{_CLONE} clone_of_a_missing_widget_gives_404"),
    ("parameter", "location (of a clone, optional)", "clone_accepts_a_location"),
    ("field", "id", _BASE),
    ("field", "widget_type", f"{_BASE} the_list_contains_widgets_of_all_types"),
    ("field", "location", _BASE),
    ("field", "location.x", _BASE),
    ("field", "location.y", _BASE),
    ("field", "depth (higher is above)", f"{_BASE} a_higher_depth_is_above"),
    ("field", "parent_id (typically the root)", f"{_BASE} list_widgets_example"),
    ("field", "state", f"{_BASE} {_STREAM}"),
    ("field", "size (most types)", "most_types_have_size_scale_and_pinned"),
    ("field", "size.width", "most_types_have_size_scale_and_pinned"),
    ("field", "size.height", "most_types_have_size_scale_and_pinned"),
    ("field", "scale (most types)", "most_types_have_size_scale_and_pinned"),
    ("field", "pinned (most types)", "most_types_have_size_scale_and_pinned"),
    ("field", "hash (asset widgets)", "asset_widgets_have_hash_filename_and_title fields_vary_by_type"),
    ("field", "original_filename (asset widgets)", "asset_widgets_have_hash_filename_and_title"),
    ("field", "title (asset widgets)", "asset_widgets_have_hash_filename_and_title"),
    ("field", "text (notes)", "list_widgets_example fields_vary_by_type"),
    ("field", "background_color (notes)", "list_widgets_example fields_vary_by_type"),
    ("field", "anchor_index (anchors)", _LIST),
    ("field", "anchor_name (anchors)", _LIST),
    ("field", "msg", "client_raises_the_class_of_each_error a_missing_canvas_or_widget_gives_404"),
    *(
        (
            "field",
            f'widget_type "{name}"',
            "client_decodes_every_type the_list_contains_widgets_of_all_types"
            + (" the_type_of_a_pdf_is_spelled_as_in_seed_003" if name == "PDF" else ""),
        )
        for name in WIDGET_TYPES
    ),
    ("status", "200 OK", f"list_widgets_example {_CURL}"),
    (
        "status",
        "400 for a clone whose file is not on the server, or of another type",
        (
            "clone_without_the_source_file_gives_400 clone_needs_the_endpoint_of_the_source_type "
            "client_raises_the_class_of_each_error"
        ),
    ),
    (
        "status",
        "401 for a missing or invalid token on a canvas that is not shared",
        "a_missing_or_invalid_token_gives_401 client_raises_the_class_of_each_error",
    ),
    (
        "status",
        "404 for no such canvas or widget",
        "a_missing_canvas_or_widget_gives_404 client_raises_the_class_of_each_error",
    ),
    ("message", '{"msg": "error description"}', "client_raises_the_class_of_each_error"),
    (
        "rule",
        "one list of all types; fields vary by type",
        "the_list_contains_widgets_of_all_types fields_vary_by_type",
    ),
    ("rule", "the generic endpoint is read-only", "the_generic_endpoint_is_read_only"),
    ("rule", "the root cannot be modified", "the_root_cannot_be_modified"),
    ("rule", "reading needs a token unless the canvas is shared", "reading_needs_a_token_or_a_shared_canvas"),
    ("rule", "?subscribe holds the connection open", f"the_connection_stays_open {_STREAM}"),
    ("rule", "the hash opens mipmaps and assets", "asset_widgets_have_hash_filename_and_title"),
    ("rule", "clone: a token is required", "clone_requires_a_token"),
    ("rule", "clone: from any canvas that one has access to", "clone_works_only_from_visible_canvases"),
    ("rule", "clone: all properties, answered like a POST", _CLONE),
    (
        "rule",
        "clone: Note, Image, Browser, Video, PDF, Anchor, Table",
        f"{_CLONE} clone_of_other_types_is_refused",
    ),
    ("rule", "clone: the source's file must be on the server", "clone_without_the_source_file_gives_400"),
    ("rule", "clone: at the top level", "clone_is_top_level_for_any_parent_of_the_source"),
    ("rule", "clone: at the endpoint of the source's type", "clone_needs_the_endpoint_of_the_source_type"),
)
