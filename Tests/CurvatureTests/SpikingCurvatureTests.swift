import Curvature
import Layers
import Models
import Spiking
import Testing
import Torch

struct SpikingCurvatureTests {
  @Test func `the surrogate Hessian of a spiking network in float64`() throws {
    let network = try VGG(
      VGGConfiguration(.vgg5, classes: 3, channels: 1, imageSize: 8, width: 0.03),
      using: Generator(seed: 1))
    network.convert(to: .float64)
    let images = Tensor.uniform([3, 1, 8, 8], dtype: .float64, using: Generator(seed: 2))
    let labels = Tensor([Int64(0), 1, 2] as [Int64], shape: [3])
    let loss = LossFunction(
      of: network.parameters,
      over: [
        .init(
          outputs: {
            var pass = ForwardPass(.evaluation)
            return network(DirectEncoding(steps: 3)(images, &pass), &pass)
          }, loss: { $0.mean(along: [0]).crossEntropy(labels) })
      ])
    let hessian = try LossCurvature(of: loss)
    let generator = Generator(seed: 3)
    func random() -> Tensor {
      Tensor.normal([hessian.dimension], dtype: .float64, using: generator)
    }
    for _ in 0..<3 {
      let (u, v) = (random(), random())
      let (a, b) = (u.dot(try hessian(v)).item(), v.dot(try hessian(u)).item())
      print("n", hessian.dimension, a, b, (a - b) / a)
    }
    let gn = try LossCurvature(of: loss, product: .gaussNewton)
    let v = random()
    print("gn", v.dot(try gn(v)).item())
    let top = try Lanczos()(hessian)
    print(top.eigenvalues)
  }
}
