using System.Security.Cryptography;
using System.Text;
using Atoll.Api.DataPlane.Transfer;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Atoll.Unit.Api;

public sealed class SignedUrlTests
{
    private const string Token = "0123456789abcdef";
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Theory]
    [InlineData("/home/user/a.txt", "/home/user/a.txt")]
    [InlineData("home/user/a.txt", "/home/user/a.txt")]
    [InlineData("/home/user/a.txt", "home/user/a.txt")]
    [InlineData("home/user/a.txt", "home/user/a.txt")]
    [InlineData("//twice", "//twice")]
    [InlineData("//twice", "/twice")]
    [InlineData(null, "")]
    [InlineData(null, "/")]
    [InlineData("", "None")]
    [InlineData("/ä b", "ä b")]
    public void Each_way_to_spell_a_path_in_the_digest_is_taken(string? inUrl, string signed) =>
        Assert.True(Of(Digest($"{signed}:read:root:{Token}")).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms(inUrl), ["root"]));

    [Theory]
    [InlineData("/b", "read", "root", Token)]
    [InlineData("/a", "write", "root", Token)]
    [InlineData("/a", "read", "user", Token)]
    [InlineData("/a", "read", "root", "another sandbox's")]
    [InlineData("/a", "read", "root", "")]
    [InlineData("/A", "read", "root", Token)]
    public void A_signature_for_anything_else_is_not_taken(string path, string operation, string user, string token) =>
        Assert.False(Of(Digest($"{path}:{operation}:{user}:{token}")).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root", ""]));

    [Theory]
    [InlineData("")]
    [InlineData("v1_")]
    [InlineData("v2_AAAA")]
    [InlineData("v1_\ud800")]
    public void What_is_no_signature_is_not_taken(string signature) =>
        Assert.False(new SignedUrl(signature, null).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root"]));

    [Fact]
    public void An_altered_signature_is_not_taken_at_any_place()
    {
        string good = Digest($"/a:read:root:{Token}");
        for (int i = 0; i < good.Length; i++)
        {
            string altered = good[..i] + (good[i] == 'x' ? 'y' : 'x') + good[(i + 1)..];
            Assert.False(Of(altered).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root"]));
        }
    }

    [Fact]
    public void The_expiration_is_part_of_the_digest()
    {
        string good = Digest($"/a:read:root:{Token}:1800000060");
        Assert.True(Of(good, "1800000060").MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root"]));
        Assert.False(Of(good, "1800000061").MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root"]));
        Assert.False(Of(good).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms("/a"), ["root"]));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("1800000001", null)]
    [InlineData("1800000000", "expired")]
    [InlineData("1799999999", "expired")]
    [InlineData("0", "expired")]
    [InlineData("01900000000", "Unix seconds")]
    [InlineData("+1900000000", "Unix seconds")]
    [InlineData(" 1900000000", "Unix seconds")]
    [InlineData("1900000000.5", "Unix seconds")]
    [InlineData("-1", "Unix seconds")]
    [InlineData("1e12", "Unix seconds")]
    [InlineData("never", "Unix seconds")]
    [InlineData("99999999999999999999", "Unix seconds")]
    public void An_expiration_is_a_moment_that_has_not_come(string? expiration, string? refusal)
    {
        string? said = Of("v1_x", expiration).Expired(Now)?.Message;
        Assert.Equal(refusal is null, said is null);
        Assert.Contains(refusal ?? "", said ?? "");
    }

    [Fact]
    public void A_plus_that_was_not_escaped_is_still_a_plus()
    {
        string path = Enumerable.Range(0, 1000).Select(i => $"/{i}").First(name => Digest($"{name}:read:root:{Token}").Contains('+'));
        Assert.True(Of(Digest($"{path}:read:root:{Token}").Replace('+', ' ')).MadeWith(Token, FileOperation.Read, SignedUrl.PathForms(path), ["root"]));
    }

    private static SignedUrl Of(string signature, string? expiration = null)
    {
        var query = new Dictionary<string, StringValues> { ["signature"] = signature };
        if (expiration is not null)
        {
            query["signature_expiration"] = expiration;
        }

        return SignedUrl.Of(new QueryCollection(query))!;
    }

    // Not SignedUrl.Sign: what clients do, from the contract.
    private static string Digest(string text) => "v1_" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))).TrimEnd('=');
}
