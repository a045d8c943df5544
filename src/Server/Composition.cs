using Atoll.Control;
using Atoll.Node;

namespace Atoll.Server;

/// <summary>What a running server is made of: the one place that sees every layer.</summary>
internal static class Composition
{
    /// <summary>Registers the ports of Domain. The node comes first: it must be ready when control recovers.</summary>
    public static void AddPorts(IServiceCollection services, ServeOptions options) => services
        .AddAtollNode(options.Node)
        .AddAtollControl(new ControlOptions { DataDirectory = options.DataDirectory });
}
