using System.Text;
using System.Text.Json;
using Atoll.Api.DataPlane.Code;
using Atoll.Api.DataPlane.Messages;
using Atoll.Control.Code;
using Atoll.Domain;
using Atoll.Domain.Code;
using Xunit;

namespace Atoll.Unit.Code;

/// <summary>What kernels show, and what becomes of it.</summary>
public sealed class MimeBundleTests
{
    [Fact]
    public void Each_media_type_has_its_place()
    {
        CodeResult result = Read(
            """
            {"text/plain":"t","text/html":["<a>","<b>"],"text/markdown":"m","text/latex":"l","image/svg+xml":"<svg/>","image/png":"aa\nbb",
             "image/jpeg":"j","application/pdf":"p","application/javascript":"js","application/json":{"k":[1]},
             "application/vnd.atoll.data+json":{"c":[1,null]},"application/vnd.atoll.chart+json":{"type":"line","elements":[]},"x/other":{"n":1}}
            """);

        Assert.Equal(("t", "<a><b>", "m", "l", "<svg/>"), (result.Text, result.Html, result.Markdown, result.Latex, result.Svg));
        Assert.Equal(("aabb", "j", "p", "js"), (result.Png, result.Jpeg, result.Pdf, result.Javascript));
        Assert.Equal(("""{"k":[1]}""", """{"c":[1,null]}"""), (result.Json, result.Data));
        Assert.Equal("""{"type":"line","elements":[]}""", result.Chart);
        Assert.Equal("""{"n":1}""", result.Extra["x/other"]);
    }

    [Theory]
    [InlineData("""{"type":"bar","elements":[]}""", true)]
    [InlineData("""{"type":"superchart","elements":[{}]}""", true)]
    [InlineData("""{"type":"map","elements":[]}""", false)]
    [InlineData("""{"type":"bar"}""", false)]
    [InlineData("""{"type":5,"elements":[]}""", false)]
    [InlineData("[1]", false)]
    public void Json_of_a_charts_form_is_a_chart(string json, bool isChart) =>
        Assert.Equal(isChart, Read($$"""{"application/json":{{json}}}""").Chart is not null);

    [Theory]
    [InlineData("""{"type":"line","title":"T","x_label":"a","elements":[{"label":"s","points":[[1,"b"],{"x":"q","y":2},[1],"no"]},7]}""",
        """{ "type": "line", "title": "T", "elements": [ { "pointData": { "label": "s", "points": [ { "xNum": 1, "yStr": "b" }, { "xStr": "q", "yNum": 2 } ] } } ], "extra": { "x_label": "a" } }""")]
    [InlineData("""{"type":"bar","elements":[{"label":"a","group":"g","value":3.5}]}""",
        """{ "type": "bar", "elements": [ { "barData": { "label": "a", "group": "g", "value": "3.5" } } ] }""")]
    [InlineData("""{"type":"pie","elements":[{"label":"a","angle":90,"radius":1}]}""",
        """{ "type": "pie", "elements": [ { "pieData": { "label": "a", "angle": 90, "radius": 1 } } ] }""")]
    [InlineData("""{"type":"box_and_whisker","elements":[{"label":"a","min":1,"first_quartile":2,"median":3,"third_quartile":4,"max":5,"outliers":[9,"x"]}]}""",
        """{ "type": "box_and_whisker", "elements": [ { "boxWhiskerData": { "label": "a", "min": 1, "firstQuartile": 2, "median": 3, "thirdQuartile": 4, "max": 5, "outliers": [ 9 ] } } ] }""")]
    [InlineData("""{"type":"superchart","elements":[{"type":"bar","elements":[]},{"type":"superchart","elements":[{"type":"bar","elements":[]}]}]}""",
        """{ "type": "superchart", "elements": [ { "nestedChart": { "type": "bar" } }, { "nestedChart": { "type": "superchart" } } ] }""")]
    public void Charts_become_messages_and_what_fits_no_form_is_left_out(string json, string message) =>
        Assert.Equal(Chart.Parser.ParseJson(message), CodeMessages.ChartOf(json));

    [Theory]
    [InlineData("""{"a":"\ud800"}""", """{"a":"\ufffd"}""")]
    [InlineData("""{"a":"\uD83D\uDE00"}""", """{"a":"\uD83D\uDE00"}""")]
    [InlineData("""{"a":"\ude00\ud83d"}""", """{"a":"\ufffd\ufffd"}""")]
    [InlineData("""{"a":"\\ud800"}""", """{"a":"\\ud800"}""")]
    [InlineData("""{"a":"\ud83dx"}""", """{"a":"\ufffdx"}""")]
    [InlineData("""{"a":"\ud8""", """{"a":"\ud8""")]
    public void Halves_of_surrogate_pairs_are_replaced(string json, string mended)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        JsonSurrogates.Mend(bytes);
        Assert.Equal(mended, Encoding.UTF8.GetString(bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    public void What_is_no_message_of_a_kernel_is_a_fault(string text) =>
        Assert.Equal(FaultCode.AgentUnavailable, Assert.Throws<FaultException>(() => KernelMessage.Parse(Encoding.UTF8.GetBytes(text))).Fault.Code);

    [Fact]
    public void A_message_with_fields_of_other_kinds_reads_as_if_they_were_not_there()
    {
        KernelMessage message = KernelMessage.Parse("""{"msg_type":5,"header":[],"parent_header":"x","content":{"text":1,"n":"2"}}"""u8.ToArray());

        Assert.Equal(("", "", "", null), (message.Type, message.Parent, message.Text("text"), message.Number("n")));
    }

    [Theory]
    [InlineData(null, "python")]
    [InlineData("", "python")]
    [InlineData("Python3", "python")]
    [InlineData("node", "javascript")]
    [InlineData("deno", "typescript")]
    [InlineData("sh", "bash")]
    [InlineData("ijava", "java")]
    [InlineData("R", "r")]
    public void Languages_are_found_by_all_their_names(string? spelling, string name) => Assert.Equal(name, CodeLanguage.Find(spelling).Name);

    [Fact]
    public void An_unknown_language_is_refused_with_those_there_are() =>
        Assert.Contains("bash", Assert.Throws<FaultException>(() => CodeLanguage.Find("cobol")).Message);

    private static CodeResult Read(string bundle) =>
        MimeBundle.Read(JsonDocument.Parse($$"""{"data":{{bundle}}}""").RootElement, isMain: false);
}
