import Curvature
import Datasets
import Layers
import Spiking
import Torch

/// The largest eigenvalue of the Hessian of a network's loss, at one moment of its training.
///
/// The "Hessian" of a spiking network is the derivative of its surrogate gradient (``CurvatureProduct``).
public struct CurvatureReading: Codable, Sendable, Equatable {
  /// Training steps that the weights have seen.
  public let step: Int
  /// λ_max, the largest eigenvalue with its sign; nil where it could not be measured.
  public let value: Double?
  /// ‖Hx − λx‖ of the unit vector x found: an eigenvalue lies within this distance.
  public let residual: Double?
  /// Whether the residual is at most a hundredth of the largest |eigenvalue|.
  public let converged: Bool
  /// Hessian-vector products that it took.
  public let products: Int
  /// The images of the batch.
  public let images: Int
  public let loss: MeasuredLoss
  public let seconds: Double
  /// Why there is no value.
  public var failure: String?
  /// Spikes for each neuron and step of the last layer of neurons; nil where a log does not say it.
  public var lastLayerRate: Double?

  /// Nothing comes out of the last layer of neurons in evaluation mode: of a VGG this is then the curvature along the last
  /// bias, 1/K of K classes before training.
  public var isSilent: Bool { lastLayerRate == 0 }
}

/// Measures λ_max of a network again and again, always on the same images.
///
/// The network is seen in evaluation mode, and nothing of it changes: no weight, no running statistic. Random numbers come from
/// generators of its own. Each measurement starts from the same random vector, so that a reading depends on the weights alone and a
/// resumed run has the readings of one that was never cut.
struct CurvatureProbe {
  /// Of the residual, relative to the largest |eigenvalue|; the value itself is better by far.
  static let tolerance = 1e-2
  static let maximumProducts = 60

  let loss: LossFunction
  let images: Int
  let measured: MeasuredLoss
  private let lastLayerRate: () -> Double?

  /// - Parameter images: one batch, as they are.
  /// - Parameter seed: of a stochastic coding, which draws the same at every measurement.
  init(
    of network: any SpikingNetwork, _ encoder: any Encoder, on images: ImageDataset,
    loss: MeasuredLoss = .meanLogits, seed: UInt64
  ) {
    measured = loss
    self.images = images.count
    let batches = ImageBatch.batches(of: images, size: images.count)
    self.loss = LossFunction(of: network, encoder, loss: loss, seed: seed, over: batches)
    lastLayerRate = {
      var pass = ForwardPass(.evaluation, using: Generator(seed: seed))
      withoutGradients { _ = network(encoder(batches[0].images(), &pass), &pass) }
      return pass.activity.last?.rate
    }
  }

  /// A network whose curvature is no number has a reading that says so: it is no reason to stop a training.
  func reading(at step: Int) -> CurvatureReading {
    let start = ContinuousClock.now
    var products = 0
    let result = Result { () throws(CurvatureError) -> Eigenvalue in
      let hessian = try LossCurvature(of: loss)
      defer { products = hessian.productCount }
      return try Lanczos(
        count: 1, order: .algebraic, tolerance: Self.tolerance,
        maximumProducts: Self.maximumProducts
      )(hessian).eigenvalues[0]
    }
    let found = try? result.get()
    let rate = lastLayerRate()
    var reading = CurvatureReading(
      step: step, value: found?.value, residual: found?.residual,
      converged: found?.converged ?? false, products: products, images: images, loss: measured,
      seconds: (ContinuousClock.now - start) / .seconds(1))
    reading.lastLayerRate = rate
    if case .failure(let error) = result { reading.failure = "\(error)" }
    return reading
  }
}
