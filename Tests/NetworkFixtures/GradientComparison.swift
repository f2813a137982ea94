import Layers
import Testing
import Torch

/// Compares a network's gradients by their norms, to 10⁻⁴.
///
/// In training mode a convolution's bias before batch norm has no gradient but rounding's, so a bias is measured
/// against its layer's weight there.
///
/// - Parameter isPart: whether `ours` may have gradients that `theirs` have not.
public func expectSameGradients(
  _ ours: NamedTensors, _ theirs: NamedTensors, _ mode: Mode, isPart: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(isPart || Set(ours.names) == Set(theirs.names), sourceLocation: sourceLocation)
  #expect(!theirs.isEmpty, sourceLocation: sourceLocation)
  for (name, expected) in theirs {
    guard let gradient = ours[name] else {
      Issue.record("no gradient of \(name)", sourceLocation: sourceLocation)
      continue
    }
    var scale = expected.norm().item()
    if mode == .training, name.hasSuffix("bias"), let weight = theirs[name.dropLast(4) + "weight"],
      weight.rank == 4
    {
      scale = max(scale, weight.norm().item())
    }
    let error = (gradient - expected).norm().item()
    #expect(
      error <= 1e-4 * scale, "\(name): off by \(error) of \(scale)", sourceLocation: sourceLocation)
  }
}
