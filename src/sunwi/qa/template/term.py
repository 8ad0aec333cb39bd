"""Which noun phrases may stand in a question by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sunwi.qa.template.josa import final_sound
from sunwi.qa.template.sentence import refers_back

if TYPE_CHECKING:
    from kiwipiepy import Token

_TERM_TAGS = frozenset({"NNG", "NNP", "XSN", "XPN", "XR", "SL", "SN", "SH"})
# alone they name no subject; in a compound (`화학 물질`) they do
_GENERIC = frozenset(
    """
    이유 원인 과정 경우 결과 방법 현상 특징 특성 연구 활동 문제 상황 실험 예 예시 값 정보 사람 학생 과학자 시간
    때 부분 방식 원리 개념 이론 요소 요인 종류 단계 시스템 물체 물질 나머지 일부 전체 모두 대부분 최근 오늘 현재
    연구자 연구원 선생 교사 회사 기업 정부 환자 의사 개인 인간 성인 아이 어린이 여성 남성 국민 시민 목적 목표 점
    사실 답 정답 질문 선택 옵션 주장 의견 전자 후자 사례 내용 자료 표 그림 장면 모습 위치 장소 지역 크기 양 수 비율
    행동 행위 증가 감소 변화 차이 효과 영향 역할 기능 중요성 필요성 프로젝트 프로그램 프로세스 데이터 도구 조건 상태
    관계 능력 노력 조치 접근 반응 실제 이상 이하 형태 구조 환경 그룹 집단 구성원 참가자 작업 대상 제품 고객 소비자
    사용 이용 발견 기간 중 외 내 밖 안 간 이름 속도 온도 사건 정도 곳 것 주 일 날 해 달리 하나 둘 셋 정확 다음 이전
    도움 가능성 원래 증거 성질 유형 수단 계획 의미 가치 기회 어려움 생각 차원 측면 예시 비교 감안
    질량 무게 길이 방향 각도 과학 지식 경험 주인공 저자 작가 팀 가족 친구 자녀 부모 소년 소녀 남자 여자
    """.split()
)
_LONGEST_TERM = 24
_LONGEST_PHRASE = 36


def is_term(tokens: Sequence[Token], text: str) -> bool:
    """Whether a phrase is a bare term: nouns alone, at most one `의`, specific, readable aloud."""
    genitives = sum(token.tag == "JKG" for token in tokens)
    core = [token for token in tokens if token.tag not in {"SSO", "SSC"}]
    if genitives > 1 or not core or core[0].tag in {"XSN", "JKG"}:
        return False
    if any(token.tag not in _TERM_TAGS and token.tag != "JKG" for token in core):
        return False
    return _specific(core, text) and len(text) <= _LONGEST_TERM


def is_phrase(tokens: Sequence[Token], text: str) -> bool:
    """Whether a phrase, possibly with adnominal clauses (`뜨거운 공기`), can be the subject of a question."""
    if not tokens:
        return False
    if any(token.tag in {"EC", "EF", "SP", "SSO", "NNB", "NR"} for token in tokens):
        return False
    if text.startswith(("이 ", "그 ", "저 ")) or tokens[0].form in {"두", "세", "양", "다른", "모든"}:
        return False
    return _specific(tokens, text) and len(text) <= _LONGEST_PHRASE


def is_title(tokens: Sequence[Token], text: str) -> bool:
    """Whether a title is a noun phrase that names a subject, not a sentence or a file name."""
    if not tokens or not tokens[-1].tag.startswith(("N", "XSN", "SL", "SN")) or len(text) > _LONGEST_PHRASE:
        return False
    if any(token.tag.startswith(("E", "W", "SF", "SE")) and token.tag != "ETM" for token in tokens):
        return False
    return _specific(tokens, text)


def _specific(tokens: Sequence[Token], text: str) -> bool:
    nouns = [token for token in tokens if token.tag.startswith(("N", "SL", "SH", "XR"))]
    if not nouns or text != text.strip(" ,.\"'‘’“”") or refers_back(tokens):
        return False
    if text.count("(") != text.count(")") or final_sound(text) is None:
        return False
    if tokens[-1].form == "들" or any(token.form == "씨" for token in tokens):  # people, groups, names
        return False
    generic = len(tokens) == 1 and nouns[0].form in _GENERIC
    return not generic and len(text) > 1  # one syllable is as often a wrong analysis as a word
