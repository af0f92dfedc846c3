{{ ping_metric() }}
