using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Atoll.Protocol;
using Atoll.Protocol.Frames;
using Atoll.Protocol.Messages;
using Xunit;

namespace Atoll.Unit.Protocol;

public sealed partial class AgentProtocolContractTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Here(), "../../../docs/contracts/agent-protocol.md"));

    [Fact]
    public void Every_message_has_the_number_that_the_contract_says() =>
        Assert.Equal(RowsOf("## Messages"), Enum.GetValues<MessageType>().Select(type => ((int)type, type.ToString())));

    [Fact]
    public void Every_error_has_the_number_that_the_contract_says() =>
        Assert.Equal(RowsOf("## Error codes"), Enum.GetValues<AgentErrorCode>().Select(code => ((int)code, code.ToString())));

    [Theory]
    [InlineData(ProtocolLimits.MaxPayload)]
    [InlineData(ProtocolLimits.MaxMessage)]
    [InlineData(ProtocolLimits.MaxHello)]
    [InlineData(ProtocolLimits.MaxOutput)]
    [InlineData(ProtocolLimits.MaxListedEnvironment)]
    [InlineData(ProtocolLimits.MinOutputCapacity)]
    [InlineData(ProtocolLimits.MaxOutputCapacity)]
    [InlineData(ProtocolLimits.DefaultPort)]
    [InlineData(ProtocolLimits.MaxArguments)]
    [InlineData(ProtocolLimits.MaxEnded)]
    [InlineData(ProtocolLimits.MaxListing)]
    [InlineData(ProtocolLimits.MaxLinkTarget)]
    [InlineData(ProtocolLimits.MaxComposed)]
    [InlineData(ProtocolLimits.WriteWindow)]
    [InlineData(ProtocolLimits.MaxCredit)]
    public void Every_limit_is_written_down(int limit) => Assert.Matches($@"(?<!\d){limit}(?!\d)", Text);

    private static IEnumerable<(int, string)> RowsOf(string heading) =>
        Row().Matches(Text.Split(heading)[1].Split("\n## ")[0])
            .Select(row => (int.Parse(row.Groups[1].Value), row.Groups[2].Value));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
