import JSON

/// Reads Slurm's `topology.conf` (tree and block plugins), and `topology.yaml`.
///
/// Where the YAML file describes several topologies, the cluster's default is read, else the first.
package enum SlurmTopology {
  package static func tree(_ text: String, limit: Int) throws(TextFault) -> SwitchTree {
    let tree =
      isYAML(text) ? try yaml(text, limit: limit) : try configuration(text, limit: limit)
    if let cycle = tree.cycle { throw TextFault("switch \"\(excerpt(cycle))\" is above itself") }
    return tree
  }

  private static func isYAML(_ text: String) -> Bool {
    for (_, line) in NumberedLines(text: text) where !line.isEmpty && !line.hasPrefix("#") {
      return line.hasPrefix("---") || line.hasPrefix("- ")
    }
    return false
  }

  // MARK: topology.conf

  /// `SwitchName=s0 Nodes=tux[0-1]`, `SwitchName=s4 Switches=s[0-1]`, `BlockName=b1 Nodes=…`; names
  /// of parameters in any case, `#` begins a comment, a backslash at the end continues a line.
  private static func configuration(_ text: String, limit: Int) throws(TextFault) -> SwitchTree {
    var tree = SwitchTree()
    var isEmpty = true
    for (number, line) in logicalLines(text) {
      let fields = try fields(of: line, number)
      if fields["blocksizes"] != nil { continue }
      guard let name = fields["switchname"] ?? fields["blockname"] else {
        throw TextFault(line: number, "expected SwitchName= or BlockName=")
      }
      isEmpty = false
      do throws(TextFault) {
        if let nodes = fields["nodes"] {
          tree.hang(
            nodes: try Hostlist.names(nodes, limit: limit), on: name,
            isBlock: fields["blockname"] != nil)
        }
        if let switches = fields["switches"] {
          tree.hang(switches: try Hostlist.names(switches, limit: limit), on: name)
        }
      } catch {
        throw TextFault(line: number, error.detail)
      }
    }
    if isEmpty { throw TextFault("no switch or block is described") }
    return tree
  }

  private static func logicalLines(_ text: String) -> [(number: Int, text: String)] {
    var lines: [(number: Int, text: String)] = []
    var isContinued = false
    for (number, line) in NumberedLines(text: text) {
      var content = line.prefix { $0 != "#" }.trimmed
      let continues = content.hasSuffix("\\")
      if continues { content.removeLast() }
      if isContinued {
        lines[lines.count - 1].text += " " + content
      } else if !content.isEmpty {
        lines.append((number, String(content)))
      }
      isContinued = continues && !lines.isEmpty
    }
    return lines
  }

  private static func fields(of line: String, _ number: Int) throws(TextFault)
    -> [String: String]
  {
    var fields: [String: String] = [:]
    for word in Substring(line).words {
      guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
        throw TextFault(line: number, "\"\(excerpt(word))\" is no parameter=value")
      }
      fields[word[..<equals].lowercased()] = String(word[word.index(after: equals)...])
    }
    return fields
  }

  // MARK: topology.yaml

  private static func yaml(_ text: String, limit: Int) throws(TextFault) -> SwitchTree {
    guard let topologies = try BlockText.parse(text).elements else {
      throw TextFault("expected a list of topologies")
    }
    let chosen = topologies.first { $0["cluster_default"]?.isTrue == true } ?? topologies.first
    guard let chosen else { throw TextFault("no topology is described") }
    var tree = SwitchTree()
    if let switches = chosen["tree"]?["switches"]?.elements {
      for item in switches { try hang(item, named: "switch", in: &tree, limit: limit) }
    } else if let blocks = chosen["block"]?["blocks"]?.elements {
      for item in blocks { try hang(item, named: "block", in: &tree, limit: limit) }
    } else if chosen["flat"] == nil {
      throw TextFault(line: chosen.line, "expected tree: switches, block: blocks, or flat")
    }
    return tree
  }

  private static func hang(
    _ item: BlockText, named kind: String, in tree: inout SwitchTree, limit: Int
  ) throws(TextFault) {
    guard let name = item[kind]?.text else {
      throw TextFault(line: item.line, "expected \(kind): NAME")
    }
    do throws(TextFault) {
      if let nodes = item["nodes"]?.text {
        tree.hang(
          nodes: try Hostlist.names(nodes, limit: limit), on: name, isBlock: kind == "block")
      }
      if let children = item["children"]?.text {
        tree.hang(switches: try Hostlist.names(children, limit: limit), on: name)
      }
    } catch {
      throw TextFault(line: item.line, error.detail)
    }
  }
}
