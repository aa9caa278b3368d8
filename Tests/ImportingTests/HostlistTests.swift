import Importing
import Testing

@Suite struct HostlistTests {
  @Test(arguments: [
    (
      "gpu[001-004,010],dgx-a[1-2]",
      ["gpu001", "gpu002", "gpu003", "gpu004", "gpu010", "dgx-a1", "dgx-a2"]
    ),
    ("node7", ["node7"]),
    ("a,b, c", ["a", "b", "c"]),
    (
      "rack[0-1]node[08-10]",
      [
        "rack0node08", "rack0node09", "rack0node10", "rack1node08", "rack1node09", "rack1node10",
      ]
    ),
    ("n[9-11]-ib", ["n9-ib", "n10-ib", "n11-ib"]),
  ])
  func expands(text: String, names: [String]) throws {
    #expect(try Hostlist.names(text, limit: 100) == names)
  }

  @Test(arguments: [
    "", ",", "gpu[1-", "gpu]1[", "gpu[2-1]", "gpu[a-b]", "gpu[]", "gpu[1-2-3]", "gpu[[1]]",
    "gpu[0-999999999]", "a[0-99]b[0-99]", "gpu[99999999999999999999]",
  ])
  func refuses(text: String) {
    #expect(throws: TextFault.self) { try Hostlist.names(text, limit: 100) }
  }
}

@Suite struct SlurmTopologyTests {
  /// Slurm's manual, topology.conf, first example, with a root.
  private let tree = """
    # Switch Configuration
    SwitchName=s0 Nodes=tux[0-1]
    SwitchName=s1 Nodes=tux[2-3]  LinkSpeed=900
    switchname=s2 nodes=tux[4-5]
    SwitchName=s3 \\
      Nodes=tux[6-7]
    SwitchName=s4 Switches=s[0-1]   # left
    SwitchName=s5 Switches=s[2-3]
    SwitchName=s6 Switches=s[4-5]
    """

  @Test func readsATree() throws {
    let nodes = ["tux0", "tux4", "tux1", "tux7"]
    let hierarchy = try SlurmTopology.tree(tree, limit: 100).hierarchy(of: nodes)
    #expect(hierarchy.levelNames == ["leaf", "spine", "core"])
    #expect(
      hierarchy.paths == [
        ["s0", "s4", "s6"], ["s2", "s5", "s6"], ["s0", "s4", "s6"], ["s3", "s5", "s6"],
      ])
  }

  @Test func takesTheFirstWayUp() throws {
    let text = """
      SwitchName=s0 Nodes=a[0-1]
      SwitchName=s1 Nodes=a[2-3]
      SwitchName=s4 Switches=s[0-1] LinkSpeed=1800
      SwitchName=s5 Switches=s[0-1] LinkSpeed=1800
      """
    let hierarchy = try SlurmTopology.tree(text, limit: 100).hierarchy(of: ["a0", "a3"])
    #expect(hierarchy.paths == [["s0", "s4"], ["s1", "s4"]])
  }

  @Test func readsYAML() throws {
    let text = """
      ---
      - topology: other
        cluster_default: false
        flat: true
      - topology: topo1
        cluster_default: true
        tree:
          switches:
            - switch: sw_root
              children: s[1-2]
            - switch: s1
              nodes: node[01-02]
            - switch: s2
              nodes: node[03-04]
      """
    let hierarchy = try SlurmTopology.tree(text, limit: 100).hierarchy(of: ["node01", "node04"])
    #expect(hierarchy.paths == [["s1", "sw_root"], ["s2", "sw_root"]])
    let blocks = """
      - topology: topo2
        block:
          block_sizes: [4, 16]
          blocks:
            - {block: b1, nodes: "node[01-04]"}
            - {block: b2, nodes: "node[05-08]"}
      """
    let grouped = try SlurmTopology.tree(blocks, limit: 100).hierarchy(of: ["node04", "node05"])
    #expect(grouped.levelNames == ["block"])
    #expect(grouped.paths == [["b1"], ["b2"]])
  }

  @Test(arguments: [
    ("SwitchName=s0 Nodes=a[0-1]\nNodes=b", 2), ("SwitchName=s0 Nodes=a[0-", 1),
    ("\n\nSwitchName=s0 oops", 3), ("- topology: t\n  tree:\n    switches:\n      - nodes: a", 4),
    ("- a: [", nil), ("---\nplain", nil), ("", nil),
    ("SwitchName=a Switches=b\nSwitchName=b Switches=a", nil),
    ("- topology: t\n  torus3d: {}", 1),
  ])
  func saysWhereATextIsWrong(text: String, line: Int?) {
    let fault = #expect(throws: TextFault.self) { try SlurmTopology.tree(text, limit: 100) }
    if let line { #expect(fault?.line == line) }
  }

  @Test func survivesDeepNesting() {
    for depth in [900, 100_000] {
      let text = "- " + String(repeating: "[", count: depth)
      #expect(throws: TextFault.self) { try SlurmTopology.tree(text, limit: 100) }
    }
  }
}
