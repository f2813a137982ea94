import Foundation
import Torch

/// How far a batch norm's running statistics moved, over its channels.
///
///     shift  |μ′ − μ| / √(σ² + 10⁻⁵)
///     ratio  (σ′² + 10⁻⁵) / (σ² + 10⁻⁵)
public struct LayerDrift: Codable, Sendable, Equatable {
  /// The layer's name, as `layer1.1`.
  public let layer: String
  /// Root mean square of the shift.
  public let meanShift: Double
  public let largestMeanShift: Double
  /// Geometric mean of the ratio.
  public let varianceRatio: Double
  public let smallestVarianceRatio: Double
  public let largestVarianceRatio: Double

  /// Of every batch norm among a network's buffers, in their order.
  static func measured(from before: NamedTensors, to after: NamedTensors) -> [LayerDrift] {
    let (mean, variance) = (".running_mean", ".running_var")
    return before.names.filter { $0.hasSuffix(mean) }.compactMap { name in
      let layer = String(name.dropLast(mean.count))
      guard before[layer + variance] != nil else { return nil }
      func channels(_ tensors: NamedTensors, _ suffix: String) -> [Double] {
        tensors[layer + suffix]!.converted(to: .float64).scalars(of: Double.self)
      }
      let old = channels(before, variance).map { $0 + 1e-5 }
      let new = channels(after, variance).map { $0 + 1e-5 }
      let (from, to) = (channels(before, mean), channels(after, mean))
      let shifts = old.indices.map { abs(to[$0] - from[$0]) / old[$0].squareRoot() }
      let ratios = old.indices.map { new[$0] / old[$0] }
      let count = Double(old.count)
      return LayerDrift(
        layer: layer,
        meanShift: (shifts.reduce(0) { $0 + $1 * $1 } / count).squareRoot(),
        largestMeanShift: shifts.max()!,
        varianceRatio: exp(ratios.reduce(0) { $0 + log($1) } / count),
        smallestVarianceRatio: ratios.min()!, largestVarianceRatio: ratios.max()!)
    }
  }
}
