import Curvature
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
    /// Of J: few draws, enough to tell a symmetric one.
    public let asymmetry: Asymmetry
    /// Of J, the Jacobian of the surrogate gradient, by the largest |λ|, with its sign.
    public let hessian: Extreme
    /// Of the Gauss–Newton matrix.
    public let gaussNewton: Extreme
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

  init(_ job: StepsJob, _ points: [Point], seconds: Double) {
    spikeguard = Spikeguard.version
    engine = Engine.version
    created = ISO8601DateFormatter().string(from: Date())
    machine = Machine.current
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
    fits = Self.fits(points, job)
    notes = Self.notes(job, points)
    self.seconds = seconds
  }
}

extension StepsResults.Point {
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
          let values = points.filter { $0.variant == variant && $0.loss == loss }.map {
            (steps: $0.steps, value: $0.extreme(matrix).eigenvalue.value)
          }
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

  private static func notes(_ job: StepsJob, _ points: [Point]) -> [String] {
    var notes: [String] = []
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
