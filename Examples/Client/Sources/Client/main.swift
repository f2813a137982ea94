import Torch

print((Tensor([1, 2, 3]) + 1).sum().item())
