import TestSupport
import Testing
import Torch

@Suite struct ConversionInPlaceTests {
  @Test func `is seen through every copy of the reference, but not by views`() {
    let x = Tensor([Float(0.1), 2])
    let (copy, view) = (x, x[0..<1])
    x.convertInPlace(to: .float64)
    #expect(copy.dtype == .float64 && view.dtype == .float32)
    #expect(copy.scalars(of: Double.self) == [Double(Float(0.1)), 2])
    x.multiplyInPlace(by: 10)
    #expect(view.item() == Double(Float(0.1)))
  }

  @Test func `keeps a leaf, and a graph made afterwards is of the new type`() {
    let x = Tensor([Float(3), -2]).requiringGradient()
    _ = x.power(2).sum().gradients(of: [x])
    x.convertInPlace(to: .float64)
    #expect(x.requiresGradient)
    let gradient = x.power(3).sum().gradients(of: [x], createGraph: true)[0]
    #expect(gradient.dtype == .float64)
    #expect(gradient.detached().scalars(of: Double.self) == [27, 12])
    #expect(gradient.sum().gradients(of: [x])[0].scalars(of: Double.self) == [18, -12])
  }

  @Test func `to its own type changes nothing`() {
    let x = Tensor([1.5, .nan])
    let before = x.withBytes { Array($0) }
    x.convertInPlace(to: .float64)
    #expect(x.withBytes { Array($0) } == before)
  }
}
