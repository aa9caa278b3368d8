import Analyzing
import Quantities
import Reporting
import Workload

extension LayerFigures {
  /// The graph in the DOT language of Graphviz, from top to bottom.
  var graphviz: String {
    let total = graph.parameters
    let title =
      "\(graph.name): \(HumanNumber.count(layers)) layers, "
      + "\(HumanNumber.amount(Double(total))) parameters"
    var text = """
      digraph \(Self.quoted(graph.name)) {
        label=\(Self.quoted(title)); labelloc=t; fontname="sans-serif";
        node [shape=box, style="rounded,filled", fillcolor=white, fontname="sans-serif"];
        edge [fontname="sans-serif", fontsize=10];

      """
    for (index, node) in graph.nodes.enumerated() {
      let label =
        "\(node.name)\n\(HumanNumber.amount(Double(parameters[index]))) parameters, "
        + "\(HumanNumber.fixed(forwardFLOPs[index].value / 1e9, decimals: 1)) GFLOPs"
      let fill = graph.layer(index).kind.colour
      text += "  n\(index) [label=\(Self.quoted(label)), fillcolor=\"\(fill)\"];\n"
    }
    for edge in graph.edges {
      let size = graph.bytes(
        of: edge, sequences: Double(microBatchSize), sequenceLength: sequenceLength, precision)
      text += "  n\(edge.source) -> n\(edge.target) "
      text += "[label=\(Self.quoted(HumanNumber.size(size)))];\n"
    }
    return text + "}\n"
  }

  /// A quoted identifier: quotes and backslashes escaped, line breaks as `\n`.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      default: quoted.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
      }
    }
    return quoted + "\""
  }
}

extension Layer.Kind {
  fileprivate var colour: String {
    switch self {
    case .embedding: "#d5ead9"
    case .transformerBlock: "#dcebfa"
    case .finalNorm: "#eceff2"
    case .head: "#fae3c3"
    case .custom: "#ece2f2"
    }
  }
}
