import Curvature
import Datasets
import Foundation
import Spiking
import Torch

/// Curvature against the number of time steps, as a file holds it.
public struct StepsResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  /// T, coding, unit and temporal gradient are those of the points.
  public let network: NetworkRecipe
  /// The file that all weights are from; nil where networks were built from settings.
  public let weights: String?
  /// nil with ``weights``.
  public let training: StepsTraining?
  public let data: DatasetFacts
  public let trainingData: DatasetFacts?
  public let batchSize: Int
  public let seed: UInt64
  public let tolerance: Double
  /// Of ``Point/hessian``: which product is meant.
  public let product: CurvatureProduct
  public let points: [Point]
  /// Points that could not be measured.
  public let failures: [Failure]
  public let fits: [Fit]
  /// What a reader must not miss, a sentence each.
  public let notes: [String]
  public let seconds: Double

  /// One network's curvature.
  public struct Point: Codable, Sendable, Equatable {
    public let variant: StepsVariant
    /// T
    public let steps: Int
    public let loss: MeasuredLoss
    /// Of the loss.
    public let value: Double
    /// ‖F‖
    public let gradientNorm: Double
    /// For the twin, the share of active units.
    public let spikeRate: Double
    /// The same of each layer of neurons, from the input to the output.
    public let layerRates: [Double]
    /// Of J: few draws, enough to tell a symmetric one.
    public let asymmetry: Asymmetry
    /// Of J, the Jacobian of the surrogate gradient, by the largest |λ|, with its sign.
    public let hessian: Extreme
    /// Of the Gauss–Newton matrix.
    public let gaussNewton: Extreme
  }

  /// One network and loss that could not be measured, as where training diverged or the loss is NaN.
  public struct Failure: Codable, Sendable, Equatable {
    public let variant: StepsVariant
    /// T
    public let steps: Int
    public let loss: MeasuredLoss
    /// The error's text.
    public let reason: String
  }

  /// The eigenvalue of largest magnitude, and what it took.
  public struct Extreme: Codable, Sendable, Equatable {
    public let eigenvalue: Eigenvalue
    public let products: Int

    init(_ top: TopEigenvalues) {
      eigenvalue = top.eigenvalues[0]
      products = top.products
    }
  }

  public enum Matrix: String, Codable, Sendable, CaseIterable {
    case hessian
    case gaussNewton = "gauss-newton"
  }

  /// One variant's growth with T.
  public struct Fit: Codable, Sendable, Equatable {
    public let variant: StepsVariant
    public let loss: MeasuredLoss
    public let matrix: Matrix
    /// True where the values are T times those of the loss of each step, which is what a sum over steps is, and were not
    /// measured a second time.
    public let isDerived: Bool
    public let growth: Growth
  }

  init(_ job: StepsJob, _ points: [Point], failures: [Failure], seconds: Double) {
    (spikeguard, engine, created, machine) = Provenance.now
    network = job.source.recipe
    switch job.source {
    case .weights(let loaded):
      weights = loaded.path
      training = nil
      trainingData = nil
    case .settings(_, let given):
      weights = nil
      training = given
      trainingData = given.isNeeded ? job.trainingData.map { DatasetFacts($0) } : nil
    }
    data = DatasetFacts(job.dataset)
    batchSize = job.batchSize
    seed = job.seed
    tolerance = job.tolerance
    product = .transposedJacobian
    self.points = points
    self.failures = failures
    fits = Self.fits(points, job)
    notes = Self.notes(job, points, failures, fits)
    self.seconds = seconds
  }
}

extension StepsResults.Point {
  /// The last layer of neurons emitted nothing: where no other path reaches the output, all that is left is its bias.
  public var isSilent: Bool { layerRates.last == 0 }

  public func extreme(_ matrix: StepsResults.Matrix) -> StepsResults.Extreme {
    matrix == .hessian ? hessian : gaussNewton
  }
}

extension StepsResults {
  private static func fits(_ points: [Point], _ job: StepsJob) -> [Fit] {
    guard job.steps.count >= 2 else { return [] }
    var fits: [Fit] = []
    for variant in job.variants where !variant.hasNoSteps {
      for loss in job.losses {
        for matrix in Matrix.allCases {
          // A job that was stopped did not come to every variant, and all points of one may have failed.
          guard points.contains(where: { $0.variant == variant && $0.loss == loss }) else {
            continue
          }
          let values = points.filter {
            $0.variant == variant && $0.loss == loss && !$0.isSilent
          }.map { (steps: $0.steps, value: $0.extreme(matrix).eigenvalue.value) }
          fits.append(
            Fit(
              variant: variant, loss: loss, matrix: matrix, isDerived: false,
              growth: Growth(values)))
          guard loss == .eachStep, !job.losses.contains(.summed) else { continue }
          fits.append(
            Fit(
              variant: variant, loss: .summed, matrix: matrix, isDerived: true,
              growth: Growth(values.map { ($0.steps, Double($0.steps) * $0.value) })))
        }
      }
    }
    return fits
  }

  /// What spikes did not reach.
  private static func silence(_ points: [Point], classes: Int) -> [String] {
    var silent: [StepsVariant: Set<Int>] = [:]
    for point in points where point.isSilent {
      silent[point.variant, default: []].insert(point.steps)
    }
    var notes: [String] = []
    if !silent.isEmpty {
      let places = silent.map { variant, steps in
        "\(variant.title) at T = \(steps.sorted().map(String.init).joined(separator: ", "))"
      }.sorted().joined(separator: "; ")
      notes.append(
        "silent: the last layer of neurons emits nothing (\(places)). What is measured there is what goes past "
          + "the neurons, of a VGG the last bias alone, whose λ before training is 1/K = "
          + "\(NumberText.decimal(1 / Double(classes), 3)) for K classes whatever T is, T/K of a summed loss; "
          + "these points are in no fit")
    }
    let broken = points.count { !$0.isSilent && $0.layerRates.contains(0) }
    if broken > 0 {
      notes.append(
        "\(broken) of \(points.count) points are of a network with an earlier layer of neurons that emits "
          + "nothing: without a path around it the output knows nothing of the image")
    }
    return notes
  }

  private static func notes(
    _ job: StepsJob, _ points: [Point], _ failures: [Failure], _ fits: [Fit]
  ) -> [String] {
    var notes: [String] = []
    let done = points.count + failures.count
    if done < job.pointCount {
      notes.append("stopped after \(done) of \(job.pointCount) points: the rest is missing")
    }
    notes += failures.map {
      "failed, and in no fit: \($0.variant.title), T = \($0.steps), \($0.loss.rawValue): \($0.reason)"
    }
    notes += silence(points, classes: job.dataset.classes)
    if !fits.isEmpty {
      notes.append(
        "one seed and one set of images: a fit's interval says how far the points are from the law, not what "
          + "another seed would give")
    }
    let negative = points.count { $0.hessian.eigenvalue.value < 0 }
    if negative > 0 {
      notes.append(
        "\(negative) of \(points.count) eigenvalues of J are negative: fits and charts take their magnitude"
      )
    }
    if job.losses.contains(where: { $0 != .meanLogits }) {
      notes.append(
        "the loss summed over time steps is T times the mean over them, and so is every eigenvalue: of "
          + "its exponent a, 1 is the sum's own doing")
    }
    if case .weights(let loaded) = job.source {
      let recipe = loaded.recipe
      let others = job.steps.filter { $0 != recipe.steps }
      if !others.isEmpty, !job.variants.allSatisfy(\.hasNoSteps) {
        notes.append(
          "the weights were trained at T = \(recipe.steps) and run at others as they are")
      }
      for coding in Set(job.variants.map(\.coding)) where coding != recipe.coding {
        notes.append(
          "the weights were trained under \(recipe.coding) coding: under \(coding) coding they are "
            + "another network, whose loss says how far off it is")
      }
      for activation in Set(job.variants.map(\.activation)) where activation != recipe.activation {
        notes.append(
          "the weights were trained with \(recipe.activation) units: with \(activation) ones they are "
            + "another network, whose loss says how far off it is")
      }
    }
    if case .settings(_, let training) = job.source, training.steps == 0 {
      notes.append(
        training.calibrationBatches > 0
          ? "initial weights; batch norm's running statistics are of "
            + "\(training.calibrationBatches) training batches at the same T"
          : "initial weights, and batch norm's running statistics as they start, 0 and 1")
    }
    if job.variants.contains(where: \.hasNoSteps) {
      notes.append(
        "the ReLU twin under direct coding does the same at every step: it is measured once, at T = 1, "
          + "and stands for every T, of a summed loss times T")
    }
    if job.variants.contains(where: { $0.coding == .rate }) {
      notes.append("rate coding is measured on one draw of spikes for each T, by the seed")
    }
    let open = points.flatMap { [$0.hessian, $0.gaussNewton] }.count {
      !$0.eigenvalue.converged
    }
    if open > 0 {
      notes.append(
        "\(open) of \(2 * points.count) eigenvalues did not reach the tolerance: their residuals say how "
          + "far they may be off")
    }
    return notes
  }
}
