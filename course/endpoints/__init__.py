"""How clients reach a world: two lanes for boto3, the neighbours that moto plays, the fence."""
