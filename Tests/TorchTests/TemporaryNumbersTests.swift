import TestSupport
import Testing
import Torch

@Suite struct TemporaryNumbersTests {
  private struct Stop: Error {}

  @Test func `are seen by all that share the memory, and gone afterwards`() {
    let x = Tensor([1.5, -0.0, 3]).requiringGradient()
    let view = x.detached()[1..<3]
    let before = x.withBytes { Array($0) }
    let inside = withNumbers([Tensor([7.0, 8, 9])], in: [x]) {
      (x.detached().scalars(of: Double.self), view.scalars(of: Double.self), x.requiresGradient)
    }
    #expect(inside == ([7, 8, 9], [8, 9], true))
    #expect(x.withBytes { Array($0) } == before)
    #expect(x.requiresGradient)
  }

  @Test func `are gone where the body throws`() {
    let (x, y) = (Tensor([1.0, .nan]), Tensor([Float(3)]))
    let before = [x, y].map { $0.withBytes { Array($0) } }
    #expect(throws: Stop.self) {
      try withNumbers([Tensor([0.0, 0]), Tensor([Float(0)])], in: [x, y]) { throw Stop() }
    }
    #expect([x, y].map { $0.withBytes { Array($0) } } == before)
  }

  @Test func `leave graphs that were recorded before as good as they were`() {
    let x = Tensor([2.0, 3]).requiringGradient()
    let cube = x.power(3).sum()
    let inner = withNumbers([Tensor([1.0, -1])], in: [x]) {
      x.power(3).sum().gradients(of: [x])[0].scalars(of: Double.self)
    }
    #expect(inner == [3, 3])
    #expect(cube.gradients(of: [x])[0].scalars(of: Double.self) == [12, 27])
  }

  @Test func `of another shape trap`() async {
    await #expect(processExitsWith: .failure) {
      withNumbers([Tensor([1.0])], in: [Tensor([1.0, 2])]) {}
    }
  }
}
