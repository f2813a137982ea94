import Curvature
import Foundation

/// What terminal and page say of curvatures, in the same words.
public enum CurvatureWords {
  /// What the first eigenvalue is called.
  public static func lambdaMax(_ order: SpectrumOrder) -> String {
    order == .magnitude ? "λ_max = |μ1|" : "λ_max = μ1"
  }

  /// Four digits.
  public static func number(_ value: Double) -> String { String(format: "%.4g", value) }

  /// `12.3 (0.4)`: mean and standard deviation; the mean alone of one value.
  public static func spread(_ spread: Spread?) -> String {
    guard let spread else { return "–" }
    guard let deviation = spread.standardDeviation else { return number(spread.mean) }
    return "\(number(spread.mean)) (\(String(format: "%.2g", deviation)))"
  }

  /// As the paper prints it.
  public static func published(_ mean: Double, _ deviation: Double) -> String {
    String(format: "%.2f (%.2f)", mean, deviation)
  }

  /// What the paper printed of the share, where ours is one of five too.
  public static func publishedShare(_ row: PublishedCurvature, count: Int) -> String {
    count == 5 ? published(row.share, row.shareDeviation) : "–"
  }

  /// `12.3 (1e-3)`: the value with its residual, and a mark where the solver gave up.
  public static func eigenvalue(_ eigenvalue: Eigenvalue) -> String {
    "\(number(eigenvalue.value)) (\(String(format: "%.0e", eigenvalue.residual)))"
      + (eigenvalue.converged ? "" : "!")
  }

  /// What the numbers are numbers of, a sentence each.
  public static func notes(of results: CurvatureResults) -> [String] {
    let settings = results.settings
    var notes: [String] = []
    if !results.isComplete {
      notes.append(
        "Stopped after \(results.curvatures) of \(settings.curvatures) batches: the rest is missing."
      )
    }
    notes += [matrix(results), solver(settings)]
    notes += results.inferences.map(diagnosis)
    notes += results.inferences.compactMap(traceAndDensity)
    if results.inferences.contains(where: { $0.share?.count != $0.batches.count }) {
      notes.append(
        "Where all eigenvalues are 0 there is no share: the loss does not bend with the weights, as where it "
          + "is 0 or no gradient gets through.")
    }
    if results.inferences.contains(where: { $0.negatives > 0 }) {
      notes.append(
        "signed share: μ1/Σμi, which is no share where signs are mixed; published means above 1 can only "
          + "come from such sums.")
    }
    for inference in results.inferences where inference.negativeFirst > 0 {
      notes.append(
        "\(inference.kind.title): μ1 is negative in \(inference.negativeFirst) of "
          + "\(inference.batches.count): the loss bends down most sharply there.")
    }
    if results.network.coding == .rate {
      notes.append(
        "Rate coding draws its spikes by --seed, the same at every product: the curvature of that draw."
      )
    }
    if results.inferences.contains(where: { $0.published != nil }) {
      notes.append(
        "paper: arXiv 2505.11134, table 2, VGG-11 (CIFAR), VGG-16 (TinyImageNet), NF-ResNet-18 (ImageNet), "
          + "T = 4, PyHessian's top five by magnitude of Jᵀv; batches and solver's settings are not given."
      )
    }
    for reason in Set(results.inferences.compactMap(\.notPublished)).sorted() {
      notes.append("No numbers of the paper beside ours: \(reason).")
    }
    return notes
  }

  private static func matrix(_ results: CurvatureResults) -> String {
    let settings = results.settings
    let loss =
      switch settings.loss {
      case .meanLogits: "cross-entropy of the logits' mean over time"
      case .eachStep: "mean over time of each step's cross-entropy"
      case .summed:
        "sum over time of each step's cross-entropy (\(results.network.steps) times the mean)"
      }
    let images =
      settings.isWhole
      ? "all \(settings.batches * settings.batchSize) images together"
      : "each batch of \(settings.batchSize) images"
    let names = Set(results.inferences.map(\.product.formula)).sorted()
    return "Matrix: \(names.joined(separator: ", ")) of the \(loss), \(images), "
      + "\(NumberText.count(results.parameters)) parameters, \(settings.precision.rawValue), batch norm in "
      + "evaluation mode. J is the Jacobian of the surrogate gradient by double differentiation."
  }

  private static func solver(_ settings: CurvatureSettings) -> String {
    switch settings.solver {
    case .lanczos:
      "Solver: Lanczos, residuals ‖Hx − μx‖ to \(number(settings.tolerance)) of the largest |μ|, at most "
        + "\(settings.mostProducts) products a batch; ! marks what did not get there. One random start: an eigenvalue that is there twice "
        + "shows once."
    case .powerIteration:
      "Solver: power iteration with deflation, PyHessian's; it stops at a relative change of "
        + "\(number(settings.tolerance)), which bounds no error; ! marks what did not get there in "
        + "\(settings.mostProducts / settings.count) products."
    }
  }

  private static func diagnosis(_ inference: CurvatureResults.Inference) -> String {
    let asymmetry = inference.asymmetry
    let repeats = [
      inference.repeatability.loss, inference.repeatability.gradient,
      inference.repeatability.product,
    ]
    return
      "\(inference.kind.title): asymmetry ‖J − Jᵀ‖/‖J‖ = \(String(format: "%.1e", asymmetry.value)) ± "
      + "\(String(format: "%.0e", asymmetry.standardError)) (\(asymmetry.draws) draws, first batch); "
      + "product \(inference.product.formula); two evaluations of the same differ by "
      + "\(String(format: "%.0e", repeats.max()!)) at most."
  }

  private static func traceAndDensity(_ inference: CurvatureResults.Inference) -> String? {
    var parts: [String] = []
    if let trace = inference.trace {
      let error = trace.standardError.map { " ± \(String(format: "%.2g", $0))" } ?? ""
      parts.append("trace \(number(trace.value))\(error) (Hutch++, \(trace.products) products)")
    }
    if let density = inference.density?.spectrum {
      let limit = 0.01 * max(abs(density.range.lowerBound), abs(density.range.upperBound))
      let near = density.mean { abs($0) <= limit ? 1 : 0 }.value
      parts.append(
        "density from \(density.runs.count) random vectors: nodes from "
          + "\(number(density.range.lowerBound)) to \(number(density.range.upperBound)), "
          + "\(NumberText.decimal(100 * near, 1)) % of the eigenvalues within 1 % of the largest around 0, "
          + "trace \(number(density.trace.value))"
          + (density.trace.standardError.map { " ± \(String(format: "%.2g", $0))" } ?? ""))
    }
    guard !parts.isEmpty else { return nil }
    return "\(inference.kind.title), \(inference.batches.count > 1 ? "first batch" : "all"): "
      + parts.joined(separator: "; ") + "."
  }
}
