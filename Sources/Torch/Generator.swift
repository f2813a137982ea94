internal import CTorch

/// A seeded source of random numbers, the same sequence as PyTorch's CPU generator for the same seed.
///
/// A generator is passed to what draws from it; nothing in Spikeguard uses a global one. Drawing from one
/// generator on several threads at once is not supported.
public final class Generator: @unchecked Sendable {
  let raw: CTGenerator

  public init(seed: UInt64) {
    var error = CTError()
    guard let raw = ct_generator(seed, &error) else {
      fatalError(TorchError(error, in: "Generator").description)
    }
    self.raw = raw
  }

  deinit { ct_generator_release(raw) }

  /// The generator's state, a byte tensor: setting it later continues the same sequence.
  public var state: Tensor {
    get {
      var error = CTError()
      guard let state = ct_generator_state(raw, &error) else {
        fatalError(TorchError(error, in: "Generator.state").description)
      }
      return Tensor(owning: state)
    }
    set {
      var error = CTError()
      let done = withExtendedLifetime(newValue) {
        ct_generator_set_state(raw, newValue.raw, &error)
      }
      guard done else { fatalError(TorchError(error, in: "Generator.state").description) }
    }
  }
}
