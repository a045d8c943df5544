using Atoll.Api.Dialects.E2b;
using Atoll.Domain;
using Atoll.Domain.Sandboxes;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class E2bMappingTests
{
    [Fact]
    public void Every_fault_has_a_status()
    {
        foreach (FaultCode code in Enum.GetValues<FaultCode>())
        {
            Assert.InRange(E2bFaults.Of(code), 400, 599);
        }
    }

    [Fact]
    public void Every_state_is_running_paused_or_gone()
    {
        foreach (SandboxState state in Enum.GetValues<SandboxState>())
        {
            bool over = state.IsFinal() || state is SandboxState.Terminating;
            Assert.Equal(over, E2bMapping.State(state) is null);
        }

        Assert.Equal(
            Enum.GetValues<SandboxState>().Where(state => E2bMapping.State(state) is not null), E2bRequests.States("paused,running").Order());
    }

    [Theory]
    [InlineData("a=b%2520c", "a", "b c")]
    [InlineData("a=b%20c", "a", "b c")]
    [InlineData("a=b", "a", "b")]
    [InlineData("k%252520%253D=%25C3%25A4", "k%20=", "ä")]
    [InlineData("a=", "a", "")]
    public void A_metadata_filter_is_unescaped_twice(string text, string key, string value) =>
        Assert.Equal(value, E2bRequests.Metadata(text)[key]);

    [Theory]
    [InlineData("base", "base")]
    [InlineData("base:default", "base")]
    [InlineData("my-team/base", "base")]
    [InlineData("my-team/base:default", "base")]
    [InlineData("code-interpreter-v1", "code-interpreter")]
    [InlineData("tpl-0123456789", "tpl-0123456789")]
    public void A_template_is_named_as_E2B_does(string reference, string name) => Assert.Equal(name, E2bTemplates.NameOf(reference));

    [Theory]
    [InlineData("", FaultCode.InvalidArgument)]
    [InlineData("Base", FaultCode.InvalidArgument)]
    [InlineData("a/b/c", FaultCode.InvalidArgument)]
    [InlineData("base:", FaultCode.InvalidArgument)]
    [InlineData("../base", FaultCode.InvalidArgument)]
    [InlineData("base\n", FaultCode.InvalidArgument)]
    [InlineData("base:v2", FaultCode.NotFound)]
    public void What_names_no_template_is_refused(string reference, FaultCode code) =>
        Assert.Equal(code, Assert.Throws<FaultException>(() => E2bTemplates.NameOf(reference)).Fault.Code);

    [Fact]
    public void An_id_is_read_with_and_without_what_old_clients_put_behind_it()
    {
        SandboxId id = SandboxId.New(DateTimeOffset.UnixEpoch);
        Assert.Equal(id, E2bMapping.ParseId(id.Value));
        Assert.Equal(id, E2bMapping.ParseId(id.Value + "-6532622b"));
        Assert.Equal(id, E2bMapping.ParseId(id.Value + "-"));
        Assert.Null(E2bMapping.ParseId("sbx-" + id.Value));
        Assert.Null(E2bMapping.ParseId(id.Value.ToUpperInvariant()));
        Assert.Null(E2bMapping.ParseId(null));
    }
}
