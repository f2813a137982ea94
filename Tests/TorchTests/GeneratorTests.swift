import TestSupport
import Testing
import Torch

@Suite struct GeneratorTests {
  /// Made by Python's torch 2.11.0+cu130: `torch.rand(3, generator=torch.Generator().manual_seed(7))` and so on.
  @Test func givesPyTorchsNumbers() {
    func seven() -> Generator { Generator(seed: 7) }
    let uniform = Tensor.uniform([3], using: seven()).scalars(of: Float.self)
    #expect(uniform == [0.5349225401878357, 0.19880318641662598, 0.6592116951942444])
    let double = Tensor.uniform([3], dtype: .float64, using: seven()).scalars(of: Double.self)
    #expect(double == [0.279380429906404, 0.27369371365176565, 0.8620929614176255])
    let normal = Tensor.normal([3], using: seven()).scalars(of: Float.self)
    #expect(normal == [-0.1467950940132141, 0.7861412763595581, 0.9468216300010681])
    // 16 numbers and more are drawn by vectorised code, in another order.
    let many = Tensor.normal([20], using: seven()).gathering(Tensor([0, 7, 8, 19]))
    expectClose(
      many.scalars(of: Double.self),
      [-0.8201345205307007, -0.7245107293128967, -0.8489086031913757, -0.35672253370285034],
      relative: 1e-6)
    let order = Tensor.permutation(8, using: seven()).scalars(of: Int.self)
    #expect(order == [7, 0, 3, 4, 1, 5, 2, 6])
    let large = Tensor.uniform([1], using: Generator(seed: 1 << 63 + 5)).scalars(of: Float.self)
    #expect(large == [0.8302518725395203])
  }

  @Test func aSequenceGoesOnAcrossCalls() {
    let generator = Generator(seed: 7)
    _ = Tensor.normal([3], using: generator)
    #expect(
      Tensor.uniform([2], using: generator).scalars(of: Float.self)
        == [0.36531615257263184, 0.8512683510780334])
  }

  @Test func generatorsAreIndependent() {
    let (a, b) = (Generator(seed: 1), Generator(seed: 1))
    let first = Tensor.normal([5], using: a)
    _ = Tensor.normal([100], using: Generator(seed: 1))
    #expect(first.isIdentical(to: Tensor.normal([5], using: b)))
    #expect(!first.isIdentical(to: Tensor.normal([5], using: a)))
  }

  @Test func stateContinuesTheSequence() throws {
    let generator = Generator(seed: 3)
    _ = Tensor.normal([3], using: generator)
    let state = generator.state
    let next = Tensor.normal([5], using: generator)
    let other = Generator(seed: 99)
    try other.restore(state)
    #expect(next.isIdentical(to: Tensor.normal([5], using: other)))
    generator.state = state
    #expect(next.isIdentical(to: Tensor.normal([5], using: generator)))
  }

  @Test func aStateThatIsNoneThrows() {
    let error = #expect(throws: TorchError.self) {
      try Generator(seed: 1).restore(Tensor([1, 2, 3] as [UInt8]))
    }
    #expect(error?.operation == "Generator.state" && error?.arguments == "[3] Byte")
    #expect(throws: TorchError.self) { try Generator(seed: 1).restore(Tensor([1.0])) }
  }

  /// Mean and spread within 5 standard errors, and the ends of the interval.
  @Test func rangesAndDeviations() {
    let uniform = Tensor.uniform([10_000], in: -3...1, dtype: .float64, using: Generator(seed: 5))
    #expect(uniform.min().item() >= -3 && uniform.max().item() < 1)
    expectClose(uniform.mean().item(), -1, relative: 0, absolute: 5 * 4 / 12.0.squareRoot() / 100)
    let normal = Tensor.normal(
      [10_000], standardDeviation: 3, dtype: .float64, using: Generator(seed: 5))
    expectClose(normal.mean().item(), 0, relative: 0, absolute: 0.15)
    expectClose(normal.variance(along: [0]).item(), 9, relative: 0.07)
    #expect(normal.dtype == .float64)
  }
}
