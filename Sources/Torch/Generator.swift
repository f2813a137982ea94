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
    set { must { () throws(TorchError) in try restore(newValue) } }
  }

  /// Continues the sequence of a state that comes from outside, as from a file.
  ///
  /// - Throws: ``TorchError`` when the tensor is no state of a generator.
  public func restore(_ state: Tensor) throws(TorchError) {
    var error = CTError()
    let done = withExtendedLifetime(state) { ct_generator_set_state(raw, state.raw, &error) }
    guard done else { throw TorchError(error, in: "Generator.state") }
  }
}
