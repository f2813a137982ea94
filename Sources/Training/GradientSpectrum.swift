public import Optimization
public import Torch

/// How much of each layer's gradient lies along one rank-one direction, in one training step.
///
/// Of the gradients as the optimiser gets them, before deflation and everything else that is done to them.
public struct GradientSpectrum: Codable, Sendable, Equatable {
  public let layers: [LeadingTerm]
  /// Weight matrices whose gradient has no leading term: it is 0, or LAPACK did not converge.
  public let unmeasured: [String]
  /// What it took.
  public let seconds: Double

  /// Measures every gradient with two or more dimensions, but for those of one row or column.
  public init(of gradients: NamedTensors) {
    let start = ContinuousClock.now
    var layers: [LeadingTerm] = []
    var unmeasured: [String] = []
    withoutGradients {
      for (name, gradient) in gradients {
        guard gradient.rank >= 2, gradient.size(0) > 1, gradient.count > gradient.size(0) else {
          continue
        }
        if let term = LeadingTerm(of: gradient, named: name) {
          layers.append(term)
        } else {
          unmeasured.append(name)
        }
      }
    }
    self.layers = layers
    self.unmeasured = unmeasured
    seconds = (ContinuousClock.now - start) / .seconds(1)
  }

  /// Whether a step is measured when every n-th is: the first, and those whose number (from 1) is a multiple of n.
  ///
  /// - Parameter index: of the step, from 0.
  static func isDue(at index: Int, every interval: Int?) -> Bool {
    guard let interval else { return false }
    return index == 0 || (index + 1).isMultiple(of: interval)
  }
}
