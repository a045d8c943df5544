using Atoll.Api.Dialects.E2b;
using Atoll.Domain;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class E2bFaultTests(ApiHost api) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task Every_fault_has_its_status_as_code_and_only_what_waiting_mends_says_when_to_repeat()
    {
        foreach (FaultCode code in Enum.GetValues<FaultCode>())
        {
            api.Ports.Sandboxes.FailWith = new Fault(code, "because env_vars are so", "env_vars").AsException();
            Reply reply = await api.PostAsync("/v2/sandboxes", new { templateID = "base" });
            Assert.Equal(E2bFaults.Of(code), reply.Status);
            Assert.Equal(reply.Status, reply.Json.GetProperty("code").GetInt32());
            Assert.Equal(code is not FaultCode.Internal, reply.Json.GetProperty("message").GetString() is "because envVars are so");
            Assert.Equal(code is FaultCode.RateLimited or FaultCode.NoCapacity or FaultCode.RequestInProgress, reply.Message.Headers.RetryAfter is not null);
        }

        Assert.Equal(429, E2bFaults.Of(FaultCode.QuotaExceeded));
    }

    [Fact]
    public async Task An_unexpected_failure_tells_the_client_nothing()
    {
        api.Ports.Sandboxes.FailWith = new InvalidOperationException("password is hunter2");
        Reply reply = await api.GetAsync("/v2/sandboxes");
        Assert.Equal(500, reply.Status);
        Assert.DoesNotContain("hunter2", reply.Text);
    }
}
