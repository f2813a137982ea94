import Curvature
import Datasets
import Foundation
import Layers
import Spiking
import Torch
import Training

/// Measures the largest eigenvalue of a loss's curvature against the number of time steps T, for a grid of variants.
///
/// The paper's first version has it grow exponentially with T by backpropagation through time, and in proportion to T by
/// direct coding (arXiv 2505.11134, eq. 5–11); the ICLR version claims Θ(T) for the Gauss–Newton matrix. Both are fitted.
public struct StepsJob: Sendable {
  public let source: StepsSource
  public let variants: [StepsVariant]
  /// T
  public let steps: [Int]
  public let losses: [MeasuredLoss]
  /// The images that the loss is of.
  public let dataset: ImageDataset
  /// What networks that are built from settings are trained or calibrated on.
  public let trainingData: ImageDataset?
  public var batchSize = 50
  /// Of the solver's residual, relative to the largest eigenvalue.
  public var tolerance = 0.01
  public var maximumProducts = 100
  /// Of weights, coding, training and the solver's start.
  public var seed: UInt64 = 0

  /// - Precondition: at least one variant, T and loss.
  public init(
    _ source: StepsSource, _ variants: [StepsVariant], steps: [Int], losses: [MeasuredLoss],
    on dataset: ImageDataset, trainingData: ImageDataset? = nil
  ) {
    precondition(
      !variants.isEmpty && !steps.isEmpty && !losses.isEmpty,
      "StepsJob: expected at least one variant, T and loss")
    self.source = source
    self.variants = variants
    self.steps = steps
    self.losses = losses
    self.dataset = dataset
    self.trainingData = trainingData
  }

  /// Every network that is measured: the twin under direct coding once, at T = 1.
  var networks: [(variant: StepsVariant, steps: Int)] {
    variants.flatMap { variant in
      (variant.hasNoSteps ? [1] : steps).map { (variant, $0) }
    }
  }

  /// One for each network and loss.
  public var pointCount: Int { networks.count * losses.count }

  /// - Parameters:
  ///   - shouldStop: asked before each point; the results then hold those that are there, and say so.
  ///   - progress: what is measured, how much is done, of how much.
  /// - Returns: also the points that failed, each with its reason; the others do not depend on them.
  /// - Throws: before any work, `ModelError` for a network that cannot be built, ``UsageError`` where training images are
  ///   missing.
  public func run(
    shouldStop: () -> Bool = { false },
    progress: (_ title: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> StepsResults {
    let clock = ContinuousClock.now
    try checkSource()
    var points: [StepsResults.Point] = []
    var failures: [StepsResults.Failure] = []
    for (variant, steps) in networks where !shouldStop() {
      let recipe = variant.recipe(source.recipe, steps: steps, dataset: dataset.name)
      let title = "\(variant.title), T = \(steps)"
      func tell() { progress(title, points.count + failures.count, pointCount) }
      func fail(_ losses: [MeasuredLoss], _ error: any Error) {
        failures += losses.map {
          .init(variant: variant, steps: steps, loss: $0, reason: "\(error)")
        }
        tell()
      }
      tell()
      let network: any SpikingNetwork
      do { network = try self.network(recipe) } catch {
        fail(losses, error)
        continue
      }
      for loss in losses where !shouldStop() {
        do {
          points.append(try measure(network, recipe, variant, loss))
          tell()
        } catch { fail([loss], error) }
      }
    }
    return StepsResults(
      self, points, failures: failures, seconds: clock.duration(to: .now) / .seconds(1))
  }

  /// What no point could do without.
  private func checkSource() throws {
    guard case .settings(let recipe, let training) = source else { return }
    _ = try recipe.build(seed: seed)
    guard training.isNeeded, trainingData == nil else { return }
    throw UsageError(
      "training: expected training images to train or calibrate on, found none; name a data set "
        + "that has them")
  }

  private func network(_ recipe: NetworkRecipe) throws -> any SpikingNetwork {
    switch source {
    case .weights(let loaded):
      let network = try recipe.build(seed: 0)
      do { try network.load(loaded.network.weights) } catch {
        throw LoadError(path: loaded.path, reason: error)
      }
      return network
    case .settings(_, let training):
      let network = try recipe.build(seed: seed)
      if training.isNeeded, let trainingData {
        try training.prepare(network, recipe, on: trainingData, seed: seed)
      }
      return network
    }
  }

  private func measure(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, _ variant: StepsVariant,
    _ loss: MeasuredLoss
  ) throws(CurvatureError) -> StepsResults.Point {
    let batches = ImageBatch.batches(of: dataset, size: batchSize)
    let function = LossFunction(
      of: network, recipe.encoder, loss: loss, seed: seed, over: batches)
    let (value, rates) = forward(network, recipe, loss, batches)
    let surrogate = try surrogateHessian(of: function)
    return StepsResults.Point(
      variant: variant, steps: recipe.steps, loss: loss, value: value,
      gradientNorm: surrogate.gradientNorm, spikeRate: rates.all, layerRates: rates.layers,
      asymmetry: surrogate.asymmetry,
      hessian: surrogate.extreme,
      gaussNewton: try .init(solver(LossCurvature(of: function, product: .gaussNewton))))
  }

  private var solver: Lanczos {
    Lanczos(
      count: 1, order: .magnitude, tolerance: tolerance, maximumProducts: maximumProducts,
      seed: seed)
  }

  /// Apart from the other matrix, so that its graph is freed before that one's is built.
  private func surrogateHessian(
    of loss: LossFunction
  ) throws(CurvatureError) -> (
    gradientNorm: Double, asymmetry: Asymmetry, extreme: StepsResults.Extreme
  ) {
    let hessian = try LossCurvature(of: loss, product: .transposedJacobian)
    return (
      try hessian.gradient().norm().item(), try Asymmetry(of: hessian, draws: 2, seed: seed),
      .init(try solver(hessian))
    )
  }

  /// Loss and spike rates, the weighted means over the batches.
  private func forward(
    _ network: any SpikingNetwork, _ recipe: NetworkRecipe, _ loss: MeasuredLoss,
    _ batches: [ImageBatch]
  ) -> (loss: Double, spikeRates: (all: Double, layers: [Double])) {
    var (sums, layers) = ((loss: 0.0, rate: 0.0), [Double]())
    for (index, batch) in batches.enumerated() {
      var pass = ForwardPass(.evaluation, using: Generator(seed: seed &+ UInt64(index)))
      let logits = withoutGradients { network(recipe.encoder(batch.images(), &pass), &pass) }
      sums.loss += loss(logits, batch.labels()).item() * Double(batch.count)
      sums.rate += pass.spikeRate * Double(batch.count)
      let rates = pass.activity.map { $0.rate * Double(batch.count) }
      layers = layers.isEmpty ? rates : zip(layers, rates).map(+)
    }
    let count = Double(dataset.count)
    return (sums.loss / count, (sums.rate / count, layers.map { $0 / count }))
  }
}
