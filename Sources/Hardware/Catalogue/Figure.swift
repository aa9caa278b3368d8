/// A number of the catalogue, with where it was read.
package struct Figure: Hashable, Sendable {
  package var value: Double
  package var source: FigureSource

  package init(_ value: Double, _ source: FigureSource) {
    self.value = value
    self.source = source
  }

  package var status: FigureStatus { source.status }
}

/// Where a figure of the catalogue was read.
package enum FigureSource: String, Hashable, Sendable, CaseIterable {
  case mlEngineering = "ml-engineering"
  case aiConfigurator = "aiconfigurator"
  case torchTitan = "torchtitan"
  case llmAnalysis = "llm-analysis"
  case composer
  case lightning
  case googleCloud = "google-cloud"
  case aws
  case azure
  case specificationPages = "specification-pages"
  case recalled
  case derived
  case caller

  package var citation: String {
    switch self {
    case .mlEngineering:
      "github:stas00/ml-engineering@744d01e compute/accelerator/README.md, network/README.md"
    case .aiConfigurator:
      "github:ai-dynamo/aiconfigurator@095f58a aic-core/src/aiconfigurator_core/systems/*.yaml"
    case .torchTitan: "github:pytorch/torchtitan@b5bcd76 torchtitan/tools/utils.py"
    case .llmAnalysis: "github:cli99/llm-analysis@d841e40 llm_analysis/gpu_configs/*.json"
    case .composer: "github:mosaicml/composer@003ec03f composer/callbacks/speed_monitor.py"
    case .lightning:
      "github:Lightning-AI/pytorch-lightning@0810121 fabric/utilities/throughput.py"
    case .googleCloud:
      "docs.cloud.google.com/tpu/docs/v5e, /compute/docs/gpus/gpu-network-bandwidth"
    case .aws:
      "docs.aws.amazon.com/AWSEC2/latest/UserGuide: accelerated-computing-instances, "
        + "efa-acc-inst-types; aws.amazon.com/blogs/compute/amazon-ec2-p4d-instances-deep-dive"
    case .azure:
      "github:MicrosoftDocs/azure-docs@1e4c740 articles/virtual-machines/sizes/gpu-accelerated"
    case .specificationPages:
      "third-party specification pages: waredb, hmc-tech, cuttingedgegamer, zangshuxian, "
        + "willitrunai, boardor"
    case .recalled: "from memory of the vendor's datasheet; not checked against a document"
    case .derived: "computed from other figures of the catalogue"
    case .caller: "given by the caller"
    }
  }

  package var status: FigureStatus {
    switch self {
    case .mlEngineering, .aiConfigurator, .torchTitan, .llmAnalysis, .composer, .lightning,
      .googleCloud, .aws, .azure, .specificationPages:
      .verified
    case .recalled: .unverified
    case .derived: .derived
    case .caller: .given
    }
  }
}

package enum FigureStatus: String, Hashable, Sendable, CaseIterable {
  /// Read in the source that is named.
  case verified
  /// Plausible, but no source was read.
  case unverified
  /// Computed from other figures.
  case derived
  /// Given by the caller, who answers for it.
  case given
}

// One function a source keeps the data files readable: `.mlEngineering(312)`.
extension Figure {
  package static func mlEngineering(_ value: Double) -> Figure { Figure(value, .mlEngineering) }
  package static func aiConfigurator(_ value: Double) -> Figure { Figure(value, .aiConfigurator) }
  package static func torchTitan(_ value: Double) -> Figure { Figure(value, .torchTitan) }
  package static func llmAnalysis(_ value: Double) -> Figure { Figure(value, .llmAnalysis) }
  package static func composer(_ value: Double) -> Figure { Figure(value, .composer) }
  package static func lightning(_ value: Double) -> Figure { Figure(value, .lightning) }
  package static func googleCloud(_ value: Double) -> Figure { Figure(value, .googleCloud) }
  package static func aws(_ value: Double) -> Figure { Figure(value, .aws) }
  package static func azure(_ value: Double) -> Figure { Figure(value, .azure) }
  package static func specificationPages(_ value: Double) -> Figure {
    Figure(value, .specificationPages)
  }
  package static func recalled(_ value: Double) -> Figure { Figure(value, .recalled) }
  package static func derived(_ value: Double) -> Figure { Figure(value, .derived) }
}
