import Layers
import TestSupport
import Testing
import Torch

/// A module in another element type.
@Suite struct ModuleConversionTests {
  private struct Block: CompositeModule {
    let convolution: Conv2d
    let norm = BatchNorm2d(4)
    let head: Linear

    init(seed: UInt64) {
      let generator = Generator(seed: seed)
      convolution = Conv2d(2, 4, using: generator)
      head = Linear(4, 3, using: generator)
      for (index, tensor) in [norm.runningMean, norm.runningVariance].enumerated() {
        tensor.copyInPlace(
          from: Tensor.uniform([4], in: 0.5...1, using: generator) * Double(index + 1))
      }
    }

    var parts: [(name: String, module: any Module)] {
      [("convolution", convolution), ("norm", norm), ("head", head)]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
      head(norm(convolution(x), .evaluation).relu().mean(along: [2, 3]))
    }
  }

  private let images = randomTensor([3, 2, 5, 7], seed: 9)

  @Test func `holds the float64 of its float32 numbers, parameters and buffers`() {
    let (block, other) = (Block(seed: 1), Block(seed: 1))
    block.convert(to: .float64)
    #expect(block.weights.names == other.weights.names && block.buffers.count == 2)
    for (name, tensor) in block.weights {
      let expected = other.weights[name]!.detached().converted(to: .float64)
      #expect(tensor.dtype == .float64 && tensor.detached().isIdentical(to: expected), "\(name)")
    }
  }

  @Test func `keeps its parameters leaves and its buffers constants`() {
    let block = Block(seed: 1)
    let before = block(images).sum().gradients(of: block.parameters)
    block.convert(to: .float64)
    #expect(block.parameters.tensors.allSatisfy { $0.requiresGradient })
    #expect(block.buffers.tensors.allSatisfy { !$0.requiresGradient })
    let after = block(images.converted(to: .float64)).sum().gradients(of: block.parameters)
    for (name, gradient) in after {
      #expect(gradient.dtype == .float64)
      expectClose(gradient, before[name]!, relative: 1e-4, absolute: 1e-5, name)
    }
  }

  @Test func `answers as before but for rounding, and exactly so on the way back`() {
    let block = Block(seed: 1)
    let before = block(images).detached()
    block.convert(to: .float64)
    let wide = block(images.converted(to: .float64)).detached()
    #expect(wide.dtype == .float64)
    expectClose(wide, before, relative: 1e-4, absolute: 1e-5)
    #expect(!wide.converted(to: .float32).converted(to: .float64).isIdentical(to: wide))
    block.convert(to: .float32)
    #expect(block(images).isIdentical(to: before))
  }

  @Test func `loads weights of either type`() throws {
    let (block, other) = (Block(seed: 1), Block(seed: 2))
    block.convert(to: .float64)
    try block.load(other.weights.map { $0.detached().copied() })
    for (name, tensor) in block.weights {
      let expected = other.weights[name]!.detached().converted(to: .float64)
      #expect(tensor.detached().isIdentical(to: expected), "\(name)")
    }
    try other.load(block.weights.map { $0.detached() * 2 })
    expectClose(
      other.head.weight.detached(), block.head.weight.detached() * 2, relative: 1e-6)
    #expect(other.head.weight.dtype == .float32)
  }

  @Test func `to a type without fractions traps`() async {
    await #expect(processExitsWith: .failure) {
      Linear(2, 2, using: nil).convert(to: .int64)
    }
  }
}
