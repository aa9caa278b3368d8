import Hardware
import JSON
import Quantities
import Testing

@testable import PlanAPI

@Suite struct ClusterRuleTests {
  private let rule = ClusterRule(catalogue: .standard)

  @Test(arguments: [
    ("4x8xh100-sxm5-80gb", ["h100-sxm5-80gb"], [4], [8]),
    ("1X8XH100", ["h100-sxm5-80gb"], [1], [8]),
    (
      "2x8xa100-sxm4-80gb+4x4xv100-sxm2-32gb", ["a100-sxm4-80gb", "v100-sxm2-32gb"], [2, 4], [8, 4]
    ),
    (" 2x8xmi300x + 1x8xNVIDIA-A100-SXM4-80GB ", ["mi300x", "a100-sxm4-80gb"], [2, 1], [8, 8]),
    ("18x4xgb200-nvl72", ["gb200"], [18], [4]),
    ("16xp5.48xlarge", ["h100-sxm5-80gb"], [16], [8]),
    (
      "2xa2-megagpu-16g + 4xStandard_ND40rs_v2+1x2xt4",
      ["a100-sxm4-40gb", "v100-sxm2-32gb", "t4"], [2, 4, 1], [16, 8, 2]
    ),
  ])
  func readsShorthands(text: String, ids: [String], nodes: [Int], gpus: [Int]) throws {
    let cluster = try value("\"\(text)\"", as: rule)
    #expect(cluster.pools.map(\.accelerator.id) == ids)
    #expect(cluster.pools.map(\.nodes) == nodes)
    #expect(cluster.pools.map(\.gpusPerNode) == gpus)
    #expect(Set(cluster.pools.flatMap(\.nodeNames)).count == nodes.reduce(0, +))
    #expect((cluster.interPool == nil) == (ids.count == 1))
  }

  @Test(arguments: [
    ("", "nodes x GPUs"), ("h100", "nodes x GPUs"), ("8xh100", "nodes x GPUs"),
    ("0x8xh100", "nodes x GPUs"), ("-1x8xh100", "nodes x GPUs"), ("1x8x", "nodes x GPUs"),
    ("1.5x8xh100", "nodes x GPUs"), ("x8xh100", "nodes x GPUs"), ("1x8xh100+", "nodes x GPUs"),
    ("1x8xh1000", "unknown GPU \"h1000\"; did you mean \"h100-"),
    ("1x8xabacus", "GET /catalog/gpus lists"),
    ("1x8xzz\\u0007", "unknown GPU \"zz?\""),
    ("0xp5.48xlarge", "nodes x GPUs"), ("65537xp5.48xlarge", "nodes x machine"),
    ("65537x8xh100", "more than"), ("1x1025xh100", "more than"),
    ("99999999999999999999x8xh100", "more than"), ("65536x1024xh100", "more than"),
    ("65536x1xh100+1x1xh100", "65537 nodes are more"),
  ])
  func refusesOtherShorthands(text: String, expected: String) throws {
    let faults = try faults("\"\(text)\"", as: rule)
    #expect(faults.count == 1 && faults[0].contains(expected), "\(faults)")
  }

  @Test func refusesLongShorthands() throws {
    let text = "\"" + String(repeating: "1x8xh100+", count: 1000) + "1x8xh100\""
    #expect(try faults(text, as: rule).count == 1)
  }

  @Test func notesEveryPoolOfAShorthand() throws {
    #expect(try faults(#""1x8xh1000+2x8+1x8xa1000""#, as: rule).count == 3)
  }

  @Test func readsPoolsOfMachines() throws {
    let cluster = try value(
      """
      {"pools": [{"machine": "p4d.24xlarge", "nodes": 2},
                 {"machine": "ML.P4D.24XLARGE", "gpu": "a100-sxm4-40gb", "gpus_per_node": 4,
                  "nodes": 1, "name": "halves"}]}
      """, as: rule)
    #expect(cluster.pools.map(\.accelerator.id) == ["a100-sxm4-40gb", "a100-sxm4-40gb"])
    #expect(cluster.pools.map(\.gpusPerNode) == [8, 4])
    #expect(cluster.pools.map(\.name) == ["p4d.24xlarge", "halves"])
    #expect(cluster.pools.allSatisfy { $0.uplink.bandwidth == .gigabits(50) })
  }

  @Test(arguments: [
    (#"{"machine": "p4d.24xlarge", "gpu": "h100", "nodes": 1}"#, "has a100-sxm4-40gb, not h100"),
    (#"{"machine": "p5.42xlarge", "nodes": 1}"#, "did you mean \"p5.48xlarge\""),
    (#"{"machine": "abacus", "nodes": 1}"#, "GET /catalog/machines lists"),
    (#"{"nodes": 1}"#, "/pools/0/gpu: missing: expected gpu, or machine"),
  ])
  func refusesOtherMachines(pool: String, expected: String) throws {
    let faults = try faults(#"{"pools": [\#(pool)]}"#, as: rule)
    #expect(faults.count == 1 && faults[0].contains(expected), "\(faults)")
  }

  @Test func readsPools() throws {
    let cluster = try value(
      """
      {"pools": [
         {"name": "old", "gpu": "V100-SXM2-32GB", "gpus_per_node": 4, "node_names": ["a", "b"],
          "memory_bytes": 30000000000, "price_per_gpu_hour": 1.5,
          "intra_node": {"bandwidth_gbytes_per_second_per_gpu": 100, "latency_us": 5},
          "inter_node": {"bandwidth_gbits_per_second_per_node": 100, "latency_us": 20}},
         {"gpu": "h100", "nodes": 4}],
       "network": {"levels": [{"name": "leaf", "nodes": 2}, {"name": "spine", "oversubscription": 4}],
         "between_pools": {"bandwidth_gbytes_per_second_per_gpu": 1, "latency_us": 50}}}
      """, as: rule)
    let (old, new) = (cluster.pools[0], cluster.pools[1])
    #expect(old.name == "old" && old.nodeNames == ["a", "b"] && old.gpusPerNode == 4)
    #expect(old.memory == ByteCount(3e10) && old.pricePerGPUHour == 1.5)
    #expect(old.levels[0].bandwidth == .gigabytes(100) && old.levels[0].latency == .micro(5))
    #expect(old.levels[1].bandwidth == .gigabits(25) && old.levels[1].latency == .micro(20))
    #expect(new.gpusPerNode == 8 && new.nodes == 4)
    #expect(new.levels.map(\.span) == [8, 16, 32])
    #expect(new.levels[2].bandwidth == new.levels[1].bandwidth / 4)
    #expect(cluster.interPool?.bandwidth == .gigabytes(1))
    #expect(cluster.interPool?.latency == .micro(50))
    #expect(Set(new.nodeNames).isDisjoint(with: old.nodeNames))
  }

  @Test(arguments: [
    ("3", [""]), ("null", [""]), ("[]", [""]), ("{}", ["/pools"]), (#"{"pools": []}"#, ["/pools"]),
    (#"{"pools": [{}]}"#, ["/pools/0/gpu", "/pools/0/nodes"]),
    (#"{"pools": [{"gpu": "h100", "nodes": 0}]}"#, ["/pools/0/nodes"]),
    (
      #"{"pools": [{"gpu": "h100", "nodes": -1, "gpus_per_node": 0}]}"#,
      ["/pools/0/nodes", "/pools/0/gpus_per_node"]
    ),
    (
      #"{"pools": [{"gpu": "h1000", "nodes": 1}, {"gpu": 7, "nodes": 1}]}"#,
      ["/pools/0/gpu", "/pools/1/gpu"]
    ),
    (#"{"pools": [{"gpu": "h100", "nodes": 1, "memory_bytes": 0}]}"#, ["/pools/0/memory_bytes"]),
    (#"{"pools": [{"gpu": "h100", "nodes": 2, "node_names": ["a"]}]}"#, ["/pools/0/node_names"]),
    (#"{"pools": [{"gpu": "h100", "node_names": ["a", "a"]}]}"#, ["/pools/0/node_names"]),
    (#"{"pools": [{"gpu": "h100", "node_names": ["a", ""]}]}"#, ["/pools/0/node_names/1"]),
    (
      #"{"pools": [{"gpu": "h100", "node_names": ["a"]}, {"gpu": "a100", "node_names": ["a"]}]}"#,
      [""]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1, "scale_up_domain": 7}]}"#,
      ["/pools/0/scale_up_domain"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1, "intra_node": {"bandwidth_gbytes_per_second_per_gpu": 0, "latency_us": -1}}]}"#,
      [
        "/pools/0/intra_node/bandwidth_gbytes_per_second_per_gpu",
        "/pools/0/intra_node/latency_us",
      ]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 1, "inter_node": {"bandwidth_gbytes_per_second_per_gpu": 1}}]}"#,
      ["/pools/0/inter_node/bandwidth_gbytes_per_second_per_gpu"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 8}], "network": {"levels": [{"nodes": 3}, {"nodes": 4}, {}]}}"#,
      ["/network/levels/1"]
    ),
    (
      #"{"pools": [{"gpu": "h100", "nodes": 8}], "network": {"levels": [{"nodes": 4}]}}"#,
      ["/network/levels"]
    ),
    (#"{"pools": [{"gpu": "h100", "nodes": 8}], "network": {"level": []}}"#, ["/network/level"]),
    (#"{"pool": [{"gpu": "h100", "nodes": 8}]}"#, ["/pools", "/pool"]),
  ])
  func notesFaults(text: String, expected: [String]) throws {
    #expect(try pointers(text, as: rule) == expected)
  }
}
