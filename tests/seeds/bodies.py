"""The JSON of every example in the seeds, letter for letter: what a server answers, and what a clone sends."""

MIPMAP_INFO = """{
"resolution": {
"width": 4096,
"height": 3072
},
"max_level": 5,
"pages": 1
}"""
"""Seed 000, "Get Mipmap Info"."""

MIPMAP_ERROR = """{
"msg": "error description"
}"""
"""Seed 000, "Error Responses"."""

OLDER_MIPMAP_INFO = """{
  "resolution": { "width": 1024, "height": 768 },
  "max_level": 4,
  "pages": 1
}"""
"""Seed 001, "Get Mipmap Info"."""

IMAGE_LIST = """[
{
"depth": 2.0,
"hash": "cbcb439a796b",
"id": "40a30897-57ea-4c35-9bf8-64db7fc710e0",
"location": {
"x": 5130.68,
"y": 2164.98
},
"original_filename": "team-photo.jpg",
"parent_id": "aad4f204-2324-401e-9acf-257d2dad4d99",
"pinned": false,
"scale": 1,
"size": {
"height": 720,
"width": 1280
},
"state": "normal",
"title": "Team Photo",
"widget_type": "Image"
}
]"""
"""Seed 002, "List Images"."""

IMAGE = """{
"depth": 2.0,
"hash": "cbcb439a796b",
"id": "40a30897-57ea-4c35-9bf8-64db7fc710e0",
"location": {
"x": 5130.68,
"y": 2164.98
},
"original_filename": "team-photo.jpg",
"parent_id": "aad4f204-2324-401e-9acf-257d2dad4d99",
"pinned": false,
"scale": 1,
"size": {
"height": 720,
"width": 1280
},
"state": "normal",
"title": "Team Photo",
"widget_type": "Image"
}"""
"""Seed 002, "Get Single Image"."""

IMAGE_CREATED = """{
"depth": 3.0,
"hash": "",
"id": "0b79a537-e9a6-4733-9610-a4066f49e01f",
"location": {
"x": 5226.29,
"y": 2666.83
},
"original_filename": "architecture.png",
"parent_id": "aad4f204-2324-401e-9acf-257d2dad4d99",
"pinned": false,
"scale": 1,
"size": {
"height": 900,
"width": 1600
},
"state": "normal",
"title": "Architecture Diagram",
"widget_type": "Image"
}"""
"""Seed 002, "Create Image"."""

IMAGE_RESIZED = """{
"size": {
"height": 450,
"width": 800
}
}"""
"""Seed 002, "Update Image, the part about the size"."""

IMAGE_UPDATED = """{
"depth": 2.0,
"hash": "cbcb439a796b",
"id": "40a30897-57ea-4c35-9bf8-64db7fc710e0",
"location": {
"x": 2000,
"y": 1500
},
"original_filename": "team-photo.jpg",
"parent_id": "aad4f204-2324-401e-9acf-257d2dad4d99",
"pinned": true,
"scale": 1,
"size": {
"height": 450,
"width": 800
},
"state": "normal",
"title": "Team Photo",
"widget_type": "Image"
}"""
"""Seed 002, "Update Image"."""

IMAGE_ERROR = """{"msg": "Depth must be >= 1.0, got 0.5"}"""
"""Seed 002, "Error Responses"."""

PDF_LIST = """[
{
"depth": 2.0,
"hash": "347b3c308971",
"id": "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232",
"index": 0,
"location": {
"x": 4629.51,
"y": 2105.47
},
"original_filename": "quarterly-report.pdf",
"parent_id": "0aad755b-c78f-4392-88fb-6efb31d35290",
"pinned": false,
"scale": 1,
"size": {
"height": 842,
"width": 595
},
"state": "normal",
"title": "Q3 Report",
"widget_type": "Pdf"
}
]"""
"""Seed 003, "List PDFs"."""

PDF = """{
"depth": 2.0,
"hash": "347b3c308971",
"id": "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232",
"index": 0,
"location": {
"x": 4629.51,
"y": 2105.47
},
"original_filename": "quarterly-report.pdf",
"parent_id": "0aad755b-c78f-4392-88fb-6efb31d35290",
"pinned": false,
"scale": 1,
"size": {
"height": 842,
"width": 595
},
"state": "normal",
"title": "Q3 Report",
"widget_type": "Pdf"
}"""
"""Seed 003, "Get Single PDF"."""

PDF_CREATED = """{
"depth": 1.0,
"hash": "",
"id": "7456c122-cb58-4493-b66e-2efb706e213a",
"index": 0,
"location": {
"x": 3624.75,
"y": 2387.44
},
"original_filename": "quarterly-report.pdf",
"parent_id": "0aad755b-c78f-4392-88fb-6efb31d35290",
"pinned": false,
"scale": 1,
"size": {
"height": 842,
"width": 595
},
"state": "normal",
"title": "Q3 Report",
"widget_type": "Pdf"
}"""
"""Seed 003, "Create PDF"."""

PDF_UPDATED = """{
"depth": 12.0,
"hash": "347b3c308971",
"id": "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232",
"index": 2,
"location": {
"x": 3000,
"y": 1500
},
"original_filename": "quarterly-report.pdf",
"parent_id": "0aad755b-c78f-4392-88fb-6efb31d35290",
"pinned": false,
"scale": 1,
"size": {
"height": 1684,
"width": 1190
},
"state": "normal",
"title": "Q3 Report",
"widget_type": "Pdf"
}"""
"""Seed 003, "Update PDF"."""

PDF_DEPTH_ERROR = """{"msg": "Depth must be >= 1.0, got 0.5"}"""
"""Seed 003, "Error Responses"."""

PDF_INDEX_ERROR = """{"msg": "PDF index must be >= 0, got -1"}"""
"""Seed 003, "Error Responses"."""

WIDGET_LIST = """[
  {
    "depth": 0,
    "id": "eab4c3da-0fc3-46f2-a7a7-bf9d16494348",
    "location": {
      "x": 0,
      "y": 0
    },
    "parent_id": "",
    "pinned": false,
    "scale": 1,
    "size": {
      "height": 5400,
      "width": 9600
    },
    "state": "normal",
    "widget_type": "SharedCanvas"
  },
  {
    "depth": 0,
    "hash": "cbcb439a796b",
    "id": "2a59b935-02b6-47dc-820c-caab1de64247",
    "location": {
      "x": 5291.9,
      "y": 2564.2
    },
    "original_filename": "photo.jpg",
    "parent_id": "eab4c3da-0fc3-46f2-a7a7-bf9d16494348",
    "pinned": false,
    "scale": 1,
    "size": {
      "height": 100,
      "width": 100
    },
    "state": "normal",
    "title": "A dog",
    "widget_type": "Image"
  },
  {
    "background_color": "#ffffff",
    "depth": 0,
    "id": "dc3ca5b6-0fb4-4628-bf4e-2008087b9430",
    "location": {
      "x": 5997.6,
      "y": 3253.6
    },
    "parent_id": "eab4c3da-0fc3-46f2-a7a7-bf9d16494348",
    "pinned": false,
    "scale": 1,
    "size": {
      "height": 300,
      "width": 300
    },
    "state": "normal",
    "text": "Remember to review the Q3 numbers",
    "widget_type": "Note"
  },
  {
    "anchor_index": 0,
    "anchor_name": "Overview",
    "depth": 0,
    "id": "5da69125-a5f5-417d-8d8d-a633a0499560",
    "location": {
      "x": 4676.8,
      "y": 2432.8
    },
    "parent_id": "eab4c3da-0fc3-46f2-a7a7-bf9d16494348",
    "pinned": false,
    "scale": 1,
    "size": {
      "height": 800,
      "width": 1200
    },
    "state": "normal",
    "widget_type": "Anchor"
  }
]"""
"""Seed 004, "List All Widgets on a Canvas"."""

WIDGET = """{
  "depth": 0,
  "hash": "cbcb439a796b",
  "id": "2a59b935-02b6-47dc-820c-caab1de64247",
  "location": {
    "x": 5291.9,
    "y": 2564.2
  },
  "original_filename": "photo.jpg",
  "parent_id": "eab4c3da-0fc3-46f2-a7a7-bf9d16494348",
  "pinned": false,
  "scale": 1,
  "size": {
    "height": 100,
    "width": 100
  },
  "state": "normal",
  "title": "A dog",
  "widget_type": "Image"
}"""
"""Seed 004, "Get a Single Widget"."""

CLONE_REQUEST = """{
  "source_canvas_id": "uuid-of-source-canvas",
  "source_widget_id": "uuid-of-widget-to-clone"
}"""
"""Seed 004, "Clone Widget, the request"."""

CLONE_PLACED_REQUEST = """{
  "source_canvas_id": "uuid-of-source-canvas",
  "source_widget_id": "uuid-of-widget-to-clone",
  "location": { "x": 100, "y": 200 }
}"""
"""Seed 004, "Clone Widget, the request with a place"."""

WIDGET_ERROR = """{
  "msg": "error description"
}"""
"""Seed 004, "Error Responses"."""

BY_SEED: dict[str, tuple[str, ...]] = {
    "000": (
        MIPMAP_INFO,
        MIPMAP_ERROR,
    ),
    "001": (OLDER_MIPMAP_INFO,),
    "002": (
        IMAGE_LIST,
        IMAGE,
        IMAGE_CREATED,
        IMAGE_RESIZED,
        IMAGE_UPDATED,
        IMAGE_ERROR,
    ),
    "003": (
        PDF_LIST,
        PDF,
        PDF_CREATED,
        PDF_UPDATED,
        PDF_DEPTH_ERROR,
        PDF_INDEX_ERROR,
    ),
    "004": (
        WIDGET_LIST,
        WIDGET,
        CLONE_REQUEST,
        CLONE_PLACED_REQUEST,
        WIDGET_ERROR,
    ),
}
