import Hardware
import Importing
import JSON
import Workload

extension JSONWriter {
  /// Every accelerator that is known, each figure with where it was read.
  mutating func catalogue(_ catalogue: AcceleratorCatalogue) {
    object { w in
      w.array("gpus", catalogue.entries) { $0.accelerator($1, among: catalogue.entries) }
      w.figureSources()
    }
  }

  /// Every machine that is known, its network with where it was read.
  mutating func machines(_ machines: [MachineType]) {
    object { w in
      w.array("machines", machines) { w, machine in
        w.object { w in
          w.member("name", machine.name)
          w.member("provider", machine.provider.rawValue)
          w.member("gpu", machine.accelerator)
          w.member("gpus_per_node", machine.gpus)
          w.figure("network_bandwidth_gbits_per_second_per_node", machine.networkBandwidth)
        }
      }
      w.figureSources()
    }
  }

  private mutating func figureSources() {
    object("sources") { w in
      for source in FigureSource.allCases {
        w.name(source.rawValue)
        w.value(source.citation)
      }
    }
  }

  private mutating func accelerator(_ entry: CatalogueEntry, among entries: [CatalogueEntry]) {
    object { w in
      w.member("id", entry.id)
      w.member("name", entry.name)
      w.member("vendor", entry.vendor)
      w.member("architecture", entry.architecture.rawValue)
      w.member("aliases", entry.aliases)
      w.member("kubernetes_products", entry.kubernetesProducts)
      w.figure("bf16_tflops", entry.bf16)
      w.figure("fp16_tflops", entry.fp16)
      w.figure("fp8_tflops", entry.fp8)
      w.figure("fp4_tflops", entry.fp4)
      w.figure("tf32_tflops", entry.tf32)
      w.figure("fp32_tflops", entry.fp32)
      w.figure("measured_matmul_tflops", entry.measuredMatmul)
      w.figure("memory_mb", entry.driverMemory(among: entries))
      w.figure("marketed_memory_gbytes", entry.marketedMemory)
      w.figure("memory_bandwidth_gbytes_per_second", entry.memoryBandwidth)
      w.member("scale_up_link", entry.link.rawValue)
      w.member("scale_up_detail", entry.linkDetail)
      w.figure("scale_up_bandwidth_gbytes_per_second_per_gpu", entry.linkBandwidth)
      w.figure("peer_bandwidth_gbytes_per_second", entry.peerBandwidth)
      w.figure("scale_up_domain", entry.scaleUpDomain)
      w.figure("network_bandwidth_gbytes_per_second_per_gpu", entry.networkBandwidth)
      w.figure("gpus_per_node", entry.gpusPerNode)
      w.figure("power_watts", entry.power)
      if let note = entry.note { w.member("note", note) }
    }
  }

  /// A figure with its source; nothing where there is none.
  private mutating func figure(_ name: StaticString, _ figure: Figure?) {
    guard let figure else { return }
    object(name) { w in
      w.member("value", figure.value)
      w.member("source", figure.source.rawValue)
      w.member("status", figure.status.rawValue)
    }
  }
}

extension JSONWriter {
  /// Every model that is known by name: its shape's figures, and where the shape was read.
  mutating func catalogue(_ catalogue: ModelCatalogue) {
    object { w in
      w.array("models", catalogue.presets) { $0.model($1) }
      w.object("sources") { w in
        for source in ModelPreset.Source.allCases {
          w.name(source.rawValue)
          w.value(source.citation)
        }
      }
    }
  }

  private mutating func model(_ preset: ModelPreset) {
    let model = preset.model
    let graph = model.graph()
    object { w in
      w.member("name", preset.name)
      w.member("aliases", preset.aliases)
      w.member("layers", model.blockCount)
      w.member("hidden_size", model.hiddenSize)
      w.member("vocab_size", model.vocabularySize)
      if let positions = model.maximumSequenceLength { w.member("max_positions", positions) }
      w.member("parameters", graph.parameters)
      w.member("active_parameters", graph.activeParameters)
      w.member("form", preset.form.rawValue)
      w.member("source", preset.source.rawValue)
    }
  }
}
