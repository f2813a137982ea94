public import Torch

/// How many images of a batch break the threat model, and how.
///
/// One image may be in several counts. `largestDistance` is over the finite images.
public struct BoundsViolations: Codable, Equatable, Sendable {
  /// Images looked at.
  public let images: Int
  /// Images with NaN or an infinite pixel.
  public let nonFinite: Int
  /// Images with a pixel below 0 or above 1.
  public let outsidePixelRange: Int
  /// Images further than ε plus ``ThreatModel/tolerance(for:)`` from the original.
  public let outsideBall: Int
  /// The largest ‖x′ − x‖, in pixel units.
  public let largestDistance: Double

  /// Whether nothing is wrong.
  public var isEmpty: Bool { nonFinite == 0 && outsidePixelRange == 0 && outsideBall == 0 }
}

extension ThreatModel {
  /// Counts the images of `others` that are not admissible changes of `images`.
  ///
  /// - Precondition: both have the same shape `[B, ...]` and type. `images` is trusted: finite, in [0, 1].
  public func violations(of others: Tensor, from images: Tensor) -> BoundsViolations {
    guard images.count > 0 else {
      return BoundsViolations(
        images: images.size(0), nonFinite: 0, outsidePixelRange: 0, outsideBall: 0,
        largestDistance: 0)
    }
    let rows = Self.rows(others)
    let finite = rows.isFinite().converted(to: .uint8).min(along: [1]) .== 1
    let outside = (rows.min(along: [1]) .< 0) .| (rows.max(along: [1]) .> 1)
    let distances = distances(from: images, to: others)
    let far = distances .> epsilon + tolerance(for: images)
    let finiteDistances = Tensor.select(finite, distances, Tensor.zeros(like: distances))
    return BoundsViolations(
      images: images.size(0), nonFinite: images.size(0) - finite.trueCount,
      outsidePixelRange: outside.trueCount, outsideBall: far.trueCount,
      largestDistance: finiteDistances.max().item())
  }
}

infix operator .| : LogicalDisjunctionPrecedence

extension Tensor {
  /// Elementwise "or" of Boolean tensors.
  static func .| (a: Tensor, b: Tensor) -> Tensor { .!(.!a .& .!b) }

  /// How many elements of a Boolean tensor are true.
  var trueCount: Int { Int(sum().item()) }
}
