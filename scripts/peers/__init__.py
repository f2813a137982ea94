"""What fixture generators and benchmark workers share: networks on SpikingJelly, attacks, safetensors files."""
