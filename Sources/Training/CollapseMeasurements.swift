import Optimization
import Torch

/// How far one step moved a batch norm's running statistics, as root mean squares over its channels.
///
///     mean         (μ′ − μ) / √(σ² + 10⁻⁵)
///     logVariance  ln (σ′² + 10⁻⁵) − ln (σ² + 10⁻⁵)
///
/// With momentum 0.1 and a batch like those before, both are of the size of a tenth of a batch's sampling noise.
public struct BatchNormDrift: Codable, Sendable, Equatable {
  /// The layer's name, as `layer1.1`.
  public let layer: String
  /// In units of the running deviation. nil where it is no number.
  public let mean: Double?
  public let logVariance: Double?

  public init(layer: String, mean: Double, logVariance: Double) {
    self.layer = layer
    self.mean = mean.isFinite ? mean : nil
    self.logVariance = logVariance.isFinite ? logVariance : nil
  }

  /// Of every batch norm among a network's buffers: each `….running_mean` with its `….running_var`.
  public static func measured(from before: NamedTensors, to after: NamedTensors)
    -> [BatchNormDrift]
  {
    let (mean, variance) = (".running_mean", ".running_var")
    let layers = before.names.filter { $0.hasSuffix(mean) }.map { $0.dropLast(mean.count) }
      .filter { before[$0 + variance] != nil }
    guard !layers.isEmpty else { return [] }
    // All channels of all layers in one go: a call of the engine costs more than the arithmetic.
    let squares = withoutGradients {
      func all(_ tensors: NamedTensors, _ suffix: String) -> Tensor {
        .concatenating(layers.map { tensors[$0 + suffix]! })
      }
      let old = all(before, variance) + 1e-5
      let moved = all(after, mean) - all(before, mean)
      let grown = ((all(after, variance) + 1e-5) / old).logarithm()
      return Tensor.concatenating([moved.squared() / old, grown.squared()])
    }.scalars(of: Double.self)
    let channels = squares.count / 2
    var first = 0
    return layers.map { layer in
      let count = before[layer + mean]!.count
      defer { first += count }
      func rootMean(_ start: Int) -> Double {
        (squares[start..<start + count].reduce(0, +) / Double(count)).squareRoot()
      }
      return BatchNormDrift(
        layer: String(layer), mean: rootMean(first), logVariance: rootMean(channels + first))
    }
  }
}

extension LeadingShare {
  /// As deflation found them in its last step, at no cost.
  static func shares(in report: DeflationReport) -> [LeadingShare] {
    report.layers.compactMap { layer in
      layer.triple.map { LeadingShare(name: layer.name, share: $0.energy) }
    }
  }

  /// Of each gradient with two or more dimensions, by deflation's fast solver.
  static func measured(of gradients: NamedTensors) -> [LeadingShare] {
    var probe = DominantSingularDeflation()
    var copies = gradients
    probe.apply(to: &copies, at: gradients, step: 0)
    return shares(in: probe.report)
  }
}
