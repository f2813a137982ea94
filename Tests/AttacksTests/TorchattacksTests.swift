import Attacks
import Testing
import Torch

/// torchattacks 3.5.1 on torch 2.11.0 (CPU), from the same seeds: model, images and random start are drawn
/// here again, its results are below. They come from this program:
///
/// ```python
/// import torch, torchattacks
/// g = torch.Generator().manual_seed(1)
/// w, v = torch.randn(5, 12, generator=g), torch.randn(3, 5, generator=g)
/// x = ((torch.rand(3, 12, generator=g) * 255).round() / 255).reshape(3, 3, 2, 2)
/// y = torch.tensor([0, 1, 2])
/// class Net(torch.nn.Module):
///     def forward(self, x): return torch.tanh(x.flatten(1) @ w.T * 1.5) @ v.T
/// net = torch.nn.Sequential(Net())
/// net.register_parameter("p", torch.nn.Parameter(torch.zeros(1)))  # torchattacks asks for its device
/// torchattacks.FGSM(net, eps=8/255)(x, y)
/// torch.manual_seed(7)
/// torchattacks.PGD(net, eps=8/255, alpha=0.01, steps=7)(x, y)
/// torchattacks.PGDL2(net, eps=0.5, alpha=0.1, steps=7, random_start=False)(x, y)
/// ```
@Suite struct TorchattacksTests {
  let w: Tensor
  let v: Tensor
  let images: Tensor
  let labels = Tensor([0, 1, 2])

  init() {
    let generator = Generator(seed: 1)
    w = Tensor.normal([5, 12], using: generator)
    v = Tensor.normal([3, 5], using: generator)
    let levels = (Tensor.uniform([3, 12], using: generator) * 255).scalars(of: Float.self)
    images = Tensor(levels.map { ($0.rounded(.toNearestOrEven)) / 255 }, shape: [3, 3, 2, 2])
  }

  private func model(_ images: Tensor) -> Tensor {
    (images.flattened(from: 1).linear(w) * 1.5).hyperbolicTangent().linear(v)
  }

  /// Catches another order of step, clip and clamp, another loss, and a gradient that is off.
  @Test func `FGSM gives the same images`() throws {
    let found = try FGSM(epsilon: 8 / 255)(
      images, labels: labels, against: model, using: Generator(seed: 0))
    #expect(difference(found, Tensor(Self.fgsm, shape: images.shape)) < 1e-6)
  }

  /// The same seed draws the same start, so even the random start is compared.
  @Test func `PGD gives the same images from the same seed`() throws {
    let found = try PGD(.linf(8 / 255), stepSize: 0.01, steps: 7)(
      images, labels: labels, against: model, using: Generator(seed: 7))
    #expect(difference(found, Tensor(Self.pgd, shape: images.shape)) < 1e-6)
  }

  @Test func `L2 PGD gives the same images`() throws {
    let found = try PGD(.l2(0.5), stepSize: 0.1, steps: 7, start: .image)(
      images, labels: labels, against: model, using: Generator(seed: 0))
    #expect(difference(found, Tensor(Self.pgdL2, shape: images.shape)) < 1e-5)
  }

  static let fgsm: [Float] = [
    0.811764717, 0.635294139, 0.694117665, 0.905882359, 1, 0.137254909, 0.592156887, 0.905882359,
    0.831372559, 0.78039217, 0.105882362, 0.172549024, 0.164705887, 0.596078455, 1, 0.215686277,
    0.796078444, 0.192156866, 0.0627451017, 0.360784322, 0.75686276, 0.933333337, 0.156862751,
    0.639215708, 0.964705884, 0.800000012, 0.843137264, 0.823529422, 0.784313738, 0.65882355,
    0.125490203, 0.0470588244, 0.301960796, 0.474509805, 0.223529413, 0.650980413,
  ]
  static let pgd: [Float] = [
    0.811764717, 0.615022957, 0.694117665, 0.905882359, 1, 0.137254909, 0.592156887, 0.905882359,
    0.831372559, 0.78039217, 0.105882362, 0.172549024, 0.164705887, 0.596078455, 0.968627453,
    0.215686277, 0.796078444, 0.192156866, 0.0627451017, 0.360784322, 0.75686276, 0.933333337,
    0.156862751, 0.639215708, 0.964705884, 0.800000012, 0.843137264, 0.823529422, 0.784313738,
    0.65882355, 0.125490203, 0.0470588244, 0.301960796, 0.474509805, 0.223529413, 0.650980413,
  ]
  static let pgdL2: [Float] = [
    0.788048625, 0.59943819, 0.657452643, 0.994945526, 0.994137406, 0.109404661, 0.608018994,
    0.878559411, 0.746729314, 0.569971621, 0.0844526142, 0.530380547, 0.147756159, 0.569526315,
    0.979719281, 0.300499499, 0.782609582, 0.150073797, 0.081403479, 0.392193943, 0.690733254,
    0.721629262, 0.135789722, 1, 0.980069995, 0.809828877, 0.836273432, 0.740613818, 0.80497402,
    0.714043558, 0.103778213, 0.0759886578, 0.351970732, 0.681710839, 0.251443982, 0.287135661,
  ]
}
