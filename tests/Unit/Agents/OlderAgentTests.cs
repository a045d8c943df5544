using Atoll.Domain;
using Atoll.Node.Agents;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Unit.Agents;

public sealed class OlderAgentTests
{
    [Fact]
    public void What_an_older_agent_does_not_know_is_no_failure_of_the_server()
    {
        Fault fault = AgentFaults.From(new AgentErrorException(AgentErrorCode.Unsupported, "this agent does not know message 40")).Fault;
        Assert.Equal((FaultCode.NotImplemented, true), (fault.Code, fault.Message.Contains("make a new sandbox")));
    }
}
