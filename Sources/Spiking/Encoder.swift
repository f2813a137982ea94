import Torch

/// Turns images into a signal in time.
public protocol Encoder: Sendable {
  /// T
  var steps: Int { get }
  /// Whether the signal is spikes, 0 or 1, in place of pixels. They mean what they are: a network for such a
  /// code normalises no pixels (`PixelNormalization.identity`), and a recipe asks here which it needs.
  var emitsSpikes: Bool { get }
  /// `[B, C, H, W]` in [0, 1] → a signal of ``steps`` steps. Random numbers come from the pass's generator.
  func callAsFunction(_ images: Tensor, _ pass: inout ForwardPass) -> Signal
  /// One step of that signal, `[B, C, H, W]`, so that a walk through time need not hold the others. From the
  /// first step to the last, these are the values of the whole signal, from the same random numbers.
  ///
  /// - Parameter index: in `0 ..< steps`; called once for each, in order.
  func step(_ index: Int, of images: Tensor, _ pass: inout ForwardPass) -> Tensor
}

/// Direct coding: the same image at each time step. The first layer of the network learns the code.
public struct DirectEncoding: Encoder, Equatable {
  public let steps: Int
  public var emitsSpikes: Bool { false }

  /// - Precondition: at least one step.
  public init(steps: Int = 4) {
    precondition(steps >= 1, "direct coding needs at least one time step, got \(steps)")
    self.steps = steps
  }

  public func callAsFunction(_ images: Tensor, _ pass: inout ForwardPass) -> Signal {
    Signal(constant: images, steps: steps)
  }

  public func step(_ index: Int, of images: Tensor, _ pass: inout ForwardPass) -> Tensor { images }
}
