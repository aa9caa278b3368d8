/// The fills and type of the pictures, in light and dark.
///
/// Whatever has a meaning has a shade and a texture of its own, so that colour is never the only
/// sign. All ids start with `sw-`, so that the picture can stand inside a page.
enum PictureStyle {
  enum Texture {
    case plain, dots, rising, falling, upright, level

    /// Side of the square tile.
    var tile: Double {
      switch self {
      case .plain, .rising, .falling: 6
      case .dots: 4
      case .upright, .level: 3
      }
    }

    /// Strokes that continue from tile to tile.
    var strokes: String {
      switch self {
      case .plain: ""
      case .dots: "M1 1h1.2M3 3h1.2"
      case .rising: "M-1 1l2-2M0 6l6-6M5 7l2-2"
      case .falling: "M-1 5l2 2M0 0l6 6M5-1l2 2"
      case .upright: "M1.5 0v3"
      case .level: "M0 1.5h3"
      }
    }
  }

  enum Fill: String, CaseIterable {
    case forward, backward, weightGradient, recompute, sendForward, sendBackward, bubble
    case weights, gradients, optimizer, activations, workspace
    case embedding, block, norm, head, custom

    var texture: Texture {
      switch self {
      case .forward, .sendForward, .weights, .block: .plain
      case .backward, .optimizer, .head: .rising
      case .weightGradient, .gradients, .sendBackward, .norm: .upright
      case .recompute, .bubble, .activations, .embedding: .dots
      case .workspace: .level
      case .custom: .falling
      }
    }

    /// Base and strokes, on white and on black.
    fileprivate var colours: (light: (String, String), dark: (String, String)) {
      switch self {
      case .forward: (("#b7d6f6", "#b7d6f6"), ("#2c5d93", "#2c5d93"))
      case .backward: (("#1d5796", "#3f77b5"), ("#9cc7f4", "#78a9de"))
      case .weightGradient: (("#f0c27b", "#b57a1c"), ("#7d5310", "#c9953f"))
      case .recompute: (("#93c3a0", "#2f6b40"), ("#2f6b40", "#a5d6b2"))
      case .sendForward: (("#30363d", "#30363d"), ("#d0d7de", "#d0d7de"))
      case .sendBackward: (("#c6cdd5", "#30363d"), ("#4b5563", "#e6edf3"))
      case .bubble: (("#f4f5f7", "#c2c8d0"), ("#1a1f26", "#3d4652"))
      case .weights: (("#1d5796", "#1d5796"), ("#9cc7f4", "#9cc7f4"))
      case .gradients: (("#b7d6f6", "#5f93c9"), ("#2c5d93", "#6ea3db"))
      case .optimizer: (("#f0c27b", "#b57a1c"), ("#7d5310", "#c9953f"))
      case .activations: (("#93c3a0", "#2f6b40"), ("#2f6b40", "#a5d6b2"))
      case .workspace: (("#e3e7ec", "#9aa4af"), ("#303842", "#7c8794"))
      case .embedding: (("#93c3a0", "#2f6b40"), ("#2f6b40", "#a5d6b2"))
      case .block: (("#b7d6f6", "#b7d6f6"), ("#2c5d93", "#2c5d93"))
      case .norm: (("#e3e7ec", "#9aa4af"), ("#303842", "#7c8794"))
      case .head: (("#f0c27b", "#b57a1c"), ("#7d5310", "#c9953f"))
      case .custom: (("#dccbe8", "#9b78b5"), ("#4c3560", "#9b78b5"))
      }
    }

    var reference: String { "url(#sw-\(rawValue))" }
  }

  static func write(to writer: inout SVGWriter) {
    writer.style(css)
    writer.element("defs") { writer in
      for fill in Fill.allCases { writePattern(fill, to: &writer) }
    }
  }

  private static func writePattern(_ fill: Fill, to writer: inout SVGWriter) {
    let tile = SVGWriter.Value.number(fill.texture.tile)
    writer.element(
      "pattern",
      [
        "id": "sw-\(fill.rawValue)", "width": tile, "height": tile,
        "patternUnits": "userSpaceOnUse",
      ]
    ) { writer in
      writer.element("rect", ["width": tile, "height": tile, "class": "\(fill.rawValue)-base"])
      guard fill.texture != .plain else { return }
      writer.element("path", ["d": .text(fill.texture.strokes), "class": "\(fill.rawValue)-mark"])
    }
  }

  private static let css: String = {
    var light = """
      text{font:12px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;fill:#1c2128}
      .heading{font-size:17px;font-weight:600}.panel{font-size:14px;font-weight:600}
      .small{font-size:10px}.faint{fill:#57606a}.end{text-anchor:end}.middle{text-anchor:middle}
      .strong{font-weight:700}
      .on-light,.on-dark{paint-order:stroke;stroke-width:2.5;stroke-linejoin:round}
      .on-light{fill:#10151b;stroke:rgba(255,255,255,.7)}.on-dark{fill:#fff;stroke:#1d5796}
      .paper{fill:#fff}.line{stroke:#57606a;stroke-width:1;fill:none}
      .grid{stroke:#d0d7de;stroke-width:1;fill:none}.limit{stroke:#b3261e;stroke-width:2}
      .cut{stroke:#b3261e;stroke-width:1.5;stroke-dasharray:4 3}.over{fill:#b3261e}
            .boxes{stroke:#fff;stroke-width:.6}.slim{stroke-width:.25}.frame{fill:none;stroke:#8c959f;stroke-width:1}

      """
    var dark = """
      text{fill:#e6edf3}.faint{fill:#9aa4af}
      .on-light{fill:#fff;stroke:rgba(0,0,0,.6)}.on-dark{fill:#0d1117;stroke:#9cc7f4}
      .paper{fill:#0d1117}.line{stroke:#9aa4af}.grid{stroke:#30363d}
      .limit{stroke:#ff8a80}.cut{stroke:#ff8a80}.over{fill:#ff8a80}
      .boxes{stroke:#0d1117}.frame{stroke:#6e7681}

      """
    for fill in Fill.allCases {
      let (onWhite, onBlack) = fill.colours
      light += ".\(fill.rawValue)-base{fill:\(onWhite.0)}"
      light += ".\(fill.rawValue)-mark{stroke:\(onWhite.1);fill:none}"
      dark += ".\(fill.rawValue)-base{fill:\(onBlack.0)}.\(fill.rawValue)-mark{stroke:\(onBlack.1)}"
    }
    return light + "\n@media (prefers-color-scheme:dark){" + dark + "}"
  }()
}
