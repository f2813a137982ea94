"""What the fixture generators and the benchmark workers share: networks on SpikingJelly, attacks, and safetensors files."""
