import Torch

/// Rate coding: at each time step a pixel spikes with its own value as the probability.
///
///     x[t] = 1 if u[t] < pixel, else 0,     u[t] uniform in [0, 1)
///
/// with a fresh u for every pixel, example and step, drawn in the order `[T, B, C, H, W]` from the pass's
/// generator. A pixel of 0 never spikes, a pixel of 1 always does. The number of spikes in T steps is binomial,
/// mean T · pixel; for short steps that is a Poisson process, hence the usual name.
///
/// Backward it is straight-through: ∂x[t]/∂pixel = 1, as if the mean had been sent, so the gradient of an image
/// is the sum of its steps' gradients.
///
/// The signed form `sign(p) · 1[2u ≤ |p|]` (Kim et al., ICASSP 2022) is for pixels p that are normalised to
/// both signs before coding. Here pixels stay in [0, 1] up to the network, where it is this code at half the
/// rate, so it is not offered.
public struct PoissonEncoding: Encoder, Equatable {
  public let steps: Int
  public var emitsSpikes: Bool { true }

  /// - Precondition: at least one step.
  public init(steps: Int) {
    precondition(steps >= 1, "rate coding needs at least one time step, got \(steps)")
    self.steps = steps
  }

  /// - Precondition: the pass has a generator.
  public func callAsFunction(_ images: Tensor, _ pass: inout ForwardPass) -> Signal {
    let pixels = images.tiled([steps] + Array(repeating: 1, count: images.rank - 1))
    return Signal(stepped: spikes(of: pixels, pass), steps: steps)
  }

  /// - Precondition: the pass has a generator.
  public func step(_ index: Int, of images: Tensor, _ pass: inout ForwardPass) -> Tensor {
    spikes(of: images, pass)
  }

  private func spikes(of pixels: Tensor, _ pass: ForwardPass) -> Tensor {
    guard let generator = pass.generator else {
      preconditionFailure(
        "PoissonEncoding draws random numbers; give the pass a generator: ForwardPass(…, using:)")
    }
    let draws = Tensor.uniform(pixels.shape, dtype: pixels.dtype, using: generator)
      .moved(to: pixels.device)
    let spikes = (pixels.detached() .> draws).converted(to: pixels.dtype)
    // p − p is exactly 0: the spikes' values, the pixels' derivatives.
    return pixels.requiresGradient && isRecordingGradients
      ? spikes + (pixels - pixels.detached()) : spikes
  }
}
