using Atoll.Domain;
using Atoll.Domain.Network;
using Atoll.Domain.Sandboxes;
using Atoll.Domain.Tenancy;

namespace Atoll.Api.Edge.Proxy;

/// <summary>Says who may reach the programs of a sandbox, and on which port one listens.</summary>
internal sealed class ProgramAccess(ISandboxAgents agents, IAccessTokens tokens)
{
    /// <param name="trafficToken">What the client showed; of no matter where traffic is public.</param>
    /// <exception cref="FaultException">There is no such sandbox, or its traffic is not public and the token not its own.</exception>
    public async ValueTask<Sandbox> FindAsync(SandboxId id, string trafficToken, CancellationToken cancellation)
    {
        Sandbox sandbox = await agents.FindAsync(id, cancellation) ?? throw Fault.NotFound("sandbox", id.Value).AsException();
        return sandbox.PublicTraffic || tokens.MatchesTraffic(id, trafficToken)
            ? sandbox
            : throw new Fault(
                FaultCode.Forbidden, "the sandbox's traffic is not public: send its traffic token in the e2b-traffic-access-token header").AsException();
    }

    /// <summary>The port on which the program listens that is reached as <paramref name="port"/>.</summary>
    public static int ServicePortOf(Sandbox sandbox, int port) =>
        sandbox.Ports.FirstOrDefault(mapping => mapping.Port == port && mapping.Protocol == PortProtocol.Tcp)?.ServicePort ?? port;
}
