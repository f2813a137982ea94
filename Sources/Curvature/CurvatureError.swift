public import Torch

/// Why a curvature could not be measured.
public enum CurvatureError: Error, Equatable, Sendable {
  /// There is nothing to differentiate with respect to, or no data.
  case nothing(String, remedy: String)
  /// The loss, a gradient or a product holds NaN or infinity.
  case notFinite(String)
  /// More eigenvalues or sketch columns were asked for than the matrix has rows, or none.
  case tooMany(String, asked: Int, dimension: Int)
  /// The same parameters gave another loss, gradient or product; the difference is relative.
  case notDeterministic(String, difference: Double)
  /// A step so short that the parameters' type rounds it to another one; the rounding is relative
  /// to the step.
  case stepLost(step: Double, rounding: Double)
  /// The engine could not differentiate the loss.
  case engine(TorchError)
}

extension CurvatureError: CustomStringConvertible {
  /// One line: what was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .nothing(let what, let remedy): "expected \(what), found none; \(remedy)"
    case .notFinite(let what):
      "\(what): expected finite numbers, found NaN or infinity; measure a network before its training "
        + "diverged, or images without such pixels"
    case .tooMany(let what, let asked, let dimension) where asked < 1:
      "\(what): expected 1 to \(dimension), the number of parameters, found \(asked); ask for one or more"
    case .tooMany(let what, let asked, let dimension):
      "\(what): expected at most \(dimension), the number of parameters, found \(asked); ask for fewer"
    case .notDeterministic(let what, let difference):
      "\(what): expected the same numbers from the same parameters, found a relative "
        + "difference of \(difference); fix the seed of what is random in the network, or measure it without"
    case .stepLost(let step, let rounding):
      "step: expected a length that moves the parameters as asked, found \(step), of which rounding "
        + "changes a share of \(rounding); take a longer one, or float64"
    case .engine(let error):
      "product: expected a loss that the engine can differentiate twice, found \(error); build it of "
        + "recorded operations alone"
    }
  }
}
