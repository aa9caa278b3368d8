/// A model of four layers: a and b both lead to c, and c to d.
let twoIntoOneModel: String = {
  let nodes = ["a", "b", "c", "d"].map {
    #"{"id": "\#($0)", "parameters": 1, "forward_flops": 1e12, "activation_bytes": 1}"#
  }
  let edges = ["ac", "bc", "cd"].map { #"{"source": "\#($0.first!)", "target": "\#($0.last!)"}"# }
  return #"{"graph": {"nodes": [\#(nodes.joined(separator: ", "))], "#
    + #""edges": [\#(edges.joined(separator: ", "))]}}"#
}()
