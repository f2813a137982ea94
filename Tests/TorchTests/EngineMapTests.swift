import TestSupport
import Testing
import Torch

@Suite struct EngineMapTests {
  @Test(arguments: [0, 1, 2, 3, 50]) func `every index is answered once, in its place`(count: Int) {
    let answers = Engine.map(count: count) { index in
      Tensor.uniform([200, 50], using: Generator(seed: UInt64(index))).sum().item()
    }
    let expected = (0..<count).map {
      Tensor.uniform([200, 50], using: Generator(seed: UInt64($0))).sum().item()
    }
    #expect(answers == expected)
  }

  @Test func `the number of threads changes no bit`() {
    let before = Engine.threads
    defer { Engine.threads = before }
    let x = randomTensor([300, 4000], seed: 1)
    func sums() -> [Double] { Engine.map(count: 5) { (x * Double($0 + 1)).sum().item() } }
    Engine.threads = 1
    let one = sums()
    Engine.threads = 3
    #expect(sums() == one)
  }

  @Test func `nothing is recorded`() {
    let x = randomTensor([3], seed: 1).requiringGradient()
    #expect(Engine.map(count: 3) { _ in (x * 2).requiresGradient } == [false, false, false])
  }
}
