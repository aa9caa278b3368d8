import Galvatron
import JSON

extension LayerwisePlan {
  /// The plan as Galvatron's runtime reads it, with every key that either generation knows: the older
  /// one shards the embedding by `embed_sdp`, the newer by `vocab_sdp`. Lists have an entry for every
  /// layer, joined by commas.
  package func writeStrategyFile(gpus: Int, to w: inout JSONWriter) {
    func list(_ value: (LayerStrategy) -> Int) -> String {
      layers.map { String(value($0)) }.joined(separator: ",")
    }
    let ones = list { _ in 1 }
    let shards = embedding.shardsWeights ? 1 : 0
    w.object { w in
      w.member("pp_deg", stages)
      w.member("tp_sizes_enc", list(\.degree))
      w.member("tp_consecutive_flags", ones)
      w.member("dp_types_enc", list { $0.shardsWeights ? 1 : 0 })
      w.member("use_sp", list { $0.usesUlysses ? 1 : 0 })
      w.member("checkpoint", list { $0.recomputes ? 1 : 0 })
      w.member("cp_sizes_enc", ones)
      w.member("ep_sizes_enc", ones)
      w.member("tp_of_ep_sizes_enc", ones)
      w.member("world_size", gpus)
      w.member("global_bsz", globalBatchSize)
      w.member("chunks", microBatches)
      w.member("pp_division", stageLayers.map(String.init).joined(separator: ","))
      w.member("pipeline_type", schedule.rawValue)
      w.member("default_dp_type", defaultSharding.rawValue)
      w.member("vtp", embedding.degree)
      w.member("vsp", embedding.usesUlysses ? 1 : 0)
      w.member("vcp", 1)
      w.member("embed_sdp", shards)
      w.member("vocab_sdp", shards)
    }
  }
}
